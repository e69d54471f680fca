"""The first set of problems: twelve kinds of one to three steps, as releases since the first version have them."""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from strigil.builders.problems.problem import Problem

_NAMES: Final = ("Ada", "Ben", "Chloe", "Dario", "Elif", "Femi", "Greta", "Hugo", "Inga", "Jonas", "Kira", "Luis")
_THINGS: Final = ("apples", "books", "buttons", "candles", "cards", "coins", "marbles", "pencils", "stamps", "tiles")
_PLACES: Final = ("a bakery", "a garage", "a library", "a museum", "a nursery", "a printing shop", "a school")


@dataclass(frozen=True)
class _Draw:
    """What a problem is made of; numbers come from `chance`."""

    chance: random.Random
    who: str
    other: str
    thing: str
    place: str

    def number(self, low: int, high: int) -> int:
        return self.chance.randint(low, high)


def problem(seed: int, index: int) -> Problem:
    """The problem of this index; depends on seed and index alone."""
    chance = random.Random(f"{seed}/{index}")
    who, other = chance.sample(_NAMES, 2)
    draw = _Draw(chance, who, other, chance.choice(_THINGS), chance.choice(_PLACES))
    return chance.choice(_KINDS)(draw)


def _gift(draw: _Draw) -> Problem:
    start, given, bought = draw.number(30, 200), draw.number(5, 25), draw.number(5, 60)
    text = (
        f"{draw.who} has {start} {draw.thing}, gives {given} of them to {draw.other} and then buys {bought} more. "
        f"How many {draw.thing} does {draw.who} have now?"
    )
    return Problem(text, start - given + bought)


def _boxes(draw: _Draw) -> Problem:
    boxes, each, loose = draw.number(3, 19), draw.number(4, 24), draw.number(1, 30)
    text = (
        f"At {draw.place} there are {boxes} boxes with {each} {draw.thing} each, and {loose} {draw.thing} lie beside "
        f"them. How many {draw.thing} are there in all?"
    )
    return Problem(text, boxes * each + loose)


def _share(draw: _Draw) -> Problem:
    people, each, left = draw.number(3, 12), draw.number(3, 20), draw.number(0, 2)
    text = (
        f"{draw.who} shares {people * each + left} {draw.thing} equally among {people} friends and keeps what "
        f"cannot be shared. How many {draw.thing} does each friend get?"
    )
    return Problem(text, each)


def _price(draw: _Draw) -> Problem:
    count, price = draw.number(3, 15), draw.number(2, 12)
    paid = count * price + draw.number(1, 40)
    text = (
        f"One of the {draw.thing} costs {price} pounds. {draw.who} buys {count} of them and pays with {paid} pounds. "
        "How many pounds does the change come to?"
    )
    return Problem(text, paid - count * price)


def _days(draw: _Draw) -> Problem:
    first, more, days = draw.number(3, 30), draw.number(2, 9), draw.number(3, 8)
    text = (
        f"On the first day {draw.who} makes {first} {draw.thing}, and on every later day {more} more than on the day "
        f"before. How many {draw.thing} does {draw.who} make within {days} days?"
    )
    return Problem(text, days * first + more * days * (days - 1) // 2)


def _difference(draw: _Draw) -> Problem:
    small, more = draw.number(10, 120), draw.number(4, 60)
    text = (
        f"{draw.who} owns {small} {draw.thing}, and {draw.other} owns {more} more than {draw.who}. How many "
        f"{draw.thing} do the two own together?"
    )
    return Problem(text, 2 * small + more)


def _times(draw: _Draw) -> Problem:
    small, factor, lost = draw.number(5, 40), draw.number(2, 6), draw.number(1, 9)
    text = (
        f"{draw.other} has {factor} times as many {draw.thing} as {draw.who}, who has {small}. Then {draw.other} loses "
        f"{lost} of them. How many {draw.thing} does {draw.other} still have?"
    )
    return Problem(text, factor * small - lost)


def _percent(draw: _Draw) -> Problem:
    hundreds, percent = draw.number(1, 9), draw.chance.choice((10, 20, 25, 40, 50, 75))
    text = (
        f"{draw.place.capitalize()} had {100 * hundreds} {draw.thing} and sold {percent} percent of them. How many "
        f"{draw.thing} are left?"
    )
    return Problem(text, hundreds * (100 - percent))


def _speed(draw: _Draw) -> Problem:
    speed, hours, back = draw.number(4, 90), draw.number(2, 7), draw.number(1, 7)
    text = (
        f"{draw.who} travels at {speed} kilometres an hour for {hours} hours, rests, and goes on {back} kilometres. "
        f"How many kilometres is that in all?"
    )
    return Problem(text, speed * hours + back)


def _rectangle(draw: _Draw) -> Problem:
    length, width = draw.number(5, 60), draw.number(3, 40)
    text = (
        f"The yard of {draw.place} is {length} metres long and {width} metres wide. {draw.who} puts a fence all around "
        f"it. How many metres long is the fence?"
    )
    return Problem(text, 2 * (length + width))


def _work(draw: _Draw) -> Problem:
    mine, yours, hours = draw.number(3, 25), draw.number(3, 25), draw.number(2, 9)
    text = (
        f"At {draw.place} {draw.who} sorts {mine} {draw.thing} an hour and {draw.other} sorts {yours}. How many "
        f"{draw.thing} do they sort together in {hours} hours?"
    )
    return Problem(text, (mine + yours) * hours)


def _trips(draw: _Draw) -> Problem:
    load, trips = draw.number(4, 20), draw.number(3, 15)
    total = load * trips - draw.number(0, load - 1)
    text = (
        f"{draw.who} carries {total} {draw.thing} to {draw.place} and can take at most {load} of them at a time. How "
        f"many trips are needed?"
    )
    return Problem(text, trips)


_KINDS: Final[tuple[Callable[[_Draw], Problem], ...]] = (
    _gift,
    _boxes,
    _share,
    _price,
    _days,
    _difference,
    _times,
    _percent,
    _speed,
    _rectangle,
    _work,
    _trips,
)
