"""The pocket tokenizer: one token a word, and a chat template in the form the models were pretrained on."""

from __future__ import annotations

from tokenizers import AddedToken, Tokenizer, models, pre_tokenizers
from transformers import PreTrainedTokenizerFast

from strigil.models.pocket.vocabulary import (
    ASSISTANT,
    BOS,
    EOS,
    PAD,
    SPECIALS,
    SYSTEM,
    SYSTEM_WORDS,
    UNKNOWN,
    USER,
    WORD_IDS,
)

CHAT_TEMPLATE = f"""\
{{%- if messages and messages[0]['role'] == 'system' -%}}
{{%- set system = messages[0]['content'] -%}}
{{%- set turns = messages[1:] -%}}
{{%- else -%}}
{{%- set system = '{" ".join(SYSTEM_WORDS)}' -%}}
{{%- set turns = messages -%}}
{{%- endif -%}}
{{{{- '{BOS} {SYSTEM} ' + system -}}}}
{{%- for message in turns -%}}
{{%- if message['role'] == 'user' -%}}
{{{{- ' {USER} ' + message['content'] -}}}}
{{%- elif message['role'] == 'assistant' -%}}
{{{{- ' {ASSISTANT} ' + message['content'] + ' {EOS}' -}}}}
{{%- else -%}}
{{{{- raise_exception('pocket knows the roles system (first), user and assistant') -}}}}
{{%- endif -%}}
{{%- endfor -%}}
{{%- if add_generation_prompt -%}}
{{{{- ' {ASSISTANT}' -}}}}
{{%- endif -%}}
"""


def build_tokenizer(max_length: int) -> PreTrainedTokenizerFast:
    """Builds the tokenizer; decoding joins words with one space.

    Args:
        max_length: Longest sequence the model takes, in tokens.
    """
    core = Tokenizer(models.WordLevel(vocab=WORD_IDS, unk_token=UNKNOWN))
    core.pre_tokenizer = pre_tokenizers.WhitespaceSplit()
    core.add_special_tokens([AddedToken(word, special=True, normalized=False) for word in (*SPECIALS, UNKNOWN)])
    return PreTrainedTokenizerFast(
        tokenizer_object=core,
        bos_token=BOS,
        eos_token=EOS,
        pad_token=PAD,
        unk_token=UNKNOWN,
        extra_special_tokens=[SYSTEM, USER, ASSISTANT],
        chat_template=CHAT_TEMPLATE,
        model_max_length=max_length,
        clean_up_tokenization_spaces=False,
    )
