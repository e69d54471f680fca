"""Writes cards/page/vega.js: Vega, Vega-Lite and Vega-Embed in one file, as pages carry them.

Bundling takes a package of 90 MB (`pip install vl-convert-python`) and six seconds, so it is done once for a version of
Altair and not for every page.
"""

from pathlib import Path

import altair as alt
import vl_convert

TARGET = Path(__file__).resolve().parent.parent / "cards" / "page" / "vega.js"


def main() -> None:
    """Bundles what Altair's version of Vega-Lite needs."""
    lite = ".".join(alt.SCHEMA_VERSION.removeprefix("v").split(".")[:2])
    script = vl_convert.javascript_bundle("window.vegaEmbed = vegaEmbed;", vl_version=lite)
    vega, embed = vl_convert.get_vega_version(), vl_convert.get_vega_embed_version()
    TARGET.write_text(f"// vega {vega}, vega-lite {lite}, vega-embed {embed}; licences: vega.LICENSE.txt\n{script}\n")


if __name__ == "__main__":
    main()
