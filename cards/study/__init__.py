"""What people read of a study: one page that works offline, and the same as Markdown."""

from strigil.cards.study.markdown import study_markdown
from strigil.cards.study.page import study_page

__all__ = ["study_markdown", "study_page"]
