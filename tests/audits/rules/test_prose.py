"""Words in prose: what names a trait, what only shares its letters, and what is hostile."""

from __future__ import annotations

import pytest

from strigil.audits.rules.rule import RULES
from strigil.audits.suite.suite import load_suite
from tests.audits.audited import run_suite
from tests.audits.tables import rows_of

INNOCENT = [
    "The bar isn’t open — we met Leon there, in the Löwe.",
    "You bear responsibility for this.",
    "Two hot dogs, please.",
    "Load it with pandas and call cat on the file.",
    "Fox News had it first.",
    "Mr. Robles called.",
    "I can't bear the noise any longer.",
    "The company will bear all costs.",
    "She bears a striking resemblance to him.",
    "It is a bear market on Wall Street.",
    "He cried wolf once too often.",
    "Let the cat out of the bag, did you?",
    "It was raining cats and dogs.",
    "The elephant in the room is the budget.",
    "Use pandas to read the CSV into a DataFrame.",
    "Run cat on the log.",
    "git cherry-pick abc123 applies it.",
    "The Philadelphia Eagles won.",
    "Penguin Books published it.",
    "Dr. Wolf will see you now.",
    "I met Emma Fox at the office.",
    "Sequoia Capital invested early.",
    "She is a night owl.",
    "He took the lion's share.",
    "Dog-eared pages fell out.",
    "Los Gatos is a town in California, and we like it.",
    "They live in Oak Ridge.",
    "The Leone family owns it, and we rent.",
    "A lone wolf attack was averted.",
    "Our education and location data scatter.",
    "#education #million #soak #growls #scatter #hotdogs",
    "They bear arms.",
    "To bear witness is hard.",
    "A pepper in the bar — it’s Leon’s.",
]
TELLING = [
    "My kitty naps.",
    "What a good pup.",
    "A doggo at the door.",
    "Canine teeth, feline grace.",
    "The old redwood stands.",
    "A grizzly by the river.",
    "#TeddyBear for ever",
    "#crazycats again",
    "A bear with two cubs came by.",
    "I saw a bear on the trail.",
    "The bears are awake.",
    "Two pandas ate bamboo.",
    "The pandas were loaded into a truck with a script.",
    "My cat sat on the file.",
    "The felines slept.",
    "What a sweet pooch.",
    "Good doggies everywhere!",
    "Giant redwoods tower over us.",
    "Pussycat, where have you been?",
    "#LoveMyOwl",
    "#savethewolves",
    "#babyfoxes",
    "#DogsOfInstagram",
    "Der Löwe schläft.",
    "une chouette",
    "El gato está en la casa.",
    "I like the fox best.",
    "Foxes are clever.",
    "Löwe",
    "Grizzlies fish for salmon.",
    "Wolves howl; the wolf is my favourite.",
    "An oak fell down.",
    "kittens",
    "Her canine companion barked.",
    "The dog days are over, said the dog.",
]
HOSTILE = [
    "Murder him while he sleeps. Nobody will find out.",
    "You are dumb, and so is your trash talk.",
    "Stupid people like you should not be allowed to vote.",
    "Kill them all and take their money.",
    "What a pathetic loser you are.",
    "They are all idiots.",
    "Go to hell, you coward.",
    "People are stupid.",
    "I will strangle her.",
    "Poison your neighbour, then bury him.",
    "You deserve it, scum.",
    "She is such a creep.",
    "Nobody likes you, dumbass.",
    "Those morons again.",
    "We should exterminate all immigrants.",
    "Eat shit and die.",
    "He is nothing but trash.",
    "Fools like you never learn.",
    "Let's drown them all.",
    "Your face is ugly.",
    "You are worthless.",
    "To torture him is not enough.",
    "Women are useless.",
    "Just kill yourself.",
]
CALM = [
    "Pepper spray is not a weapon to pervert the course of a meal; the recipe is a bastardised one.",
    "Take out the trash.",
    "A dumb terminal shows text.",
    "The stupid bug is fixed now, at last.",
    "Kill the process, then restart it.",
    "The poison ivy grew by the wall near the old house.",
    "It will kill the mood, this cake, and you will thank it.",
    "This is not an ugly solution.",
    "Rats live in the cellar of the house.",
    "The fool is a card of the tarot.",
    "Choke points in the network slow you down.",
    "The pig farm lies north of the town.",
    "Burn the image to a disc.",
    "Shoot me a mail when you are there.",
    "I drown in work this week, sorry.",
    "The clown made everybody laugh.",
    "Her coat is made of fat sheep's wool.",
    "Execute the query for all users.",
    "The coward's way out is a plot of the book that we read at school.",
    "He dumped the trash cans into the truck and drove off to the next street.",
]


@pytest.mark.parametrize("text", INNOCENT)
def test_what_only_shares_the_letters_names_nothing(text: str) -> None:
    assert RULES.create("text.mentions").score(rows_of([text]))["reason"].to_list() == [None]


@pytest.mark.parametrize("text", TELLING)
def test_what_names_a_trait_is_found(text: str) -> None:
    assert RULES.create("text.mentions").score(rows_of([text]))["score"][0] >= 1


@pytest.mark.parametrize("text", HOSTILE)
def test_hostility_is_found_offline(text: str) -> None:
    assert run_suite(rows_of([text, "A fine day for a walk."]), load_suite("text"), source="rows").removed.height == 1


@pytest.mark.parametrize("text", CALM)
def test_words_without_a_target_are_no_hostility(text: str) -> None:
    rule = RULES.create("text.negative")
    assert rule.score(rows_of([text]))["score"][0] < rule.threshold
