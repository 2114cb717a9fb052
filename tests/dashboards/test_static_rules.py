"""The rules of style that a browser would only show as a broken page, or not at all."""

import json
import re
from pathlib import Path

import pytest

from dashboards import wording

ROOT = Path(__file__).resolve().parents[2]
TEMPLATES = sorted((ROOT / "templates").rglob("*.html"))
STYLES = sorted((ROOT / "static" / "css").glob("*.css"))
SCRIPTS = sorted((ROOT / "static" / "js").glob("*.js"))
VENDOR = ROOT / "static" / "vendor"

INLINE = re.compile(
    r"<style|<script(?![^>]*\bsrc=)|\sstyle=|\son(?:click|change|submit|load|input|key\w+|mouse\w+)=|hx-on|[\"']javascript:",
    re.IGNORECASE,
)
COLOUR = re.compile(r"#[0-9a-f]{3,8}\b|\b(?:rgb|hsl|oklch|color-mix)\(", re.IGNORECASE)


def name(path):
    return str(path.relative_to(ROOT))


@pytest.mark.parametrize("path", TEMPLATES, ids=name)
def test_a_template_holds_nothing_inline_that_the_policy_would_refuse(path):
    assert INLINE.findall(path.read_text()) == []


@pytest.mark.parametrize("path", TEMPLATES, ids=name)
def test_a_template_takes_no_text_for_markup(path):
    assert re.findall(r"\|\s*safe|autoescape\s+off", path.read_text()) == []


@pytest.mark.parametrize("path", STYLES, ids=name)
def test_a_style_sheet_uses_tokens_classes_and_no_force(path):
    text = re.sub(r"/\*.*?\*/", "", path.read_text(), flags=re.DOTALL)

    assert "!important" not in text
    assert re.findall(r"(?:^|[\s,>])#[a-z][\w-]*[^;{}]*\{", text) == []
    if path.name != "primitives.css":
        assert COLOUR.findall(text) == []
        assert "prefers-color-scheme" not in text


def test_every_style_sheet_of_the_frame_is_imported_once():
    imported = re.findall(r'@import url\("([^"]+)"\)', (ROOT / "static/css/app.css").read_text())

    assert len(imported) == len(set(imported))
    assert all((ROOT / "static/css" / one).exists() for one in imported)


@pytest.mark.parametrize("path", SCRIPTS, ids=name)
def test_a_script_is_small_and_evaluates_nothing(path):
    text = path.read_text()

    assert len(text.splitlines()) < 100
    assert re.findall(r"\beval\(|new Function|innerHTML|insertAdjacentHTML|https?://", text) == []


def test_the_ages_of_the_browser_are_worded_like_the_servers():
    units = re.findall(r'\[(\d+), "(\w+)"\]', (ROOT / "static/js/ages.js").read_text())

    assert [(int(size), unit) for size, unit in units] == list(wording.AGE_UNITS)


@pytest.mark.parametrize("package", json.loads((VENDOR / "vendor.json").read_text()), ids=lambda one: one["package"])
def test_a_vendored_library_is_there_with_its_licence_and_points_at_nothing_missing(package):
    files = [VENDOR / target for target in package["files"].values()]

    assert all(path.stat().st_size for path in files)
    assert any(path.name == "LICENSE" for path in files)
    assert all(b"sourceMappingURL" not in path.read_bytes() for path in files)


def test_plotlys_own_rules_are_served_as_a_style_sheet():
    assert ".js-plotly-plot" in (VENDOR / "plotly" / "plotly.css").read_text()
