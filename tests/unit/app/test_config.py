"""The configuration: what is allowed, what is refused and in which words."""

from __future__ import annotations

from pathlib import Path

import pytest

from bridge.config import CONFIG_PATH, Config, LibraryConfig, parse, read, render
from bridge.config.parts import origin_of
from bridge.config.sections import NotesConfig, SandboxConfig, StatusConfig, TimeConfig
from bridge.errors import ConfigError

ONE = '[[library]]\nid = "users/1"\n'


def refused(text: str) -> str:
    with pytest.raises(ConfigError) as caught:
        parse(text)
    return str(caught.value)


def test_a_library_is_enough_and_everything_else_has_a_default() -> None:
    config = parse(ONE)
    assert config.library == (LibraryConfig(id="users/1", url="https://api.zotero.org", folder="Papers"),)
    assert config.notes == NotesConfig(create="all", file="@{citekey}.md", templates="Templates/Bridge")
    assert (config.tags.automatic, config.status.store, config.conflicts.policy) == (
        "keywords",
        "extra",
        "ask",
    )


def test_one_library_may_be_a_plain_table() -> None:
    assert parse('[library]\nid = "groups/51"\n').library[0].id == "groups/51"


def test_several_libraries_have_folders_of_their_own() -> None:
    several = ONE + 'folder = "Mine"\n[[library]]\nid = "groups/5"\nfolder = "Group"\n'
    assert [each.folder for each in parse(several).library] == ["Mine", "Group"]


@pytest.mark.parametrize("folder", ["Mine", "mine", "Mine/Group", "."])
def test_libraries_never_share_a_folder(folder: str) -> None:
    refused(ONE + f'folder = "Mine"\n[[library]]\nid = "groups/5"\nfolder = "{folder}"\n')


@pytest.mark.parametrize("folder", ["/etc", "../out", "a/../../out", ".obsidian", "Papers/.x", "", "C:/x", "C:\\\\x"])
def test_r32_folders_stay_inside_the_vault(folder: str) -> None:
    message = refused(ONE + f'folder = "{folder}"\n')
    assert "library.0.folder" in message


@pytest.mark.parametrize("library", ["1", "users/", "users/0", "user/1", "users/1/items", "groups/x"])
def test_a_library_is_users_or_groups_and_a_number(library: str) -> None:
    assert "users/<number>" in refused(f'[[library]]\nid = "{library}"\n')


@pytest.mark.parametrize(
    "url",
    [
        "api.zotero.org",
        "ftp://x",
        "https://",
        "https://u:p@h",
        "https://h/?key=abc",
        "https://h/#x",
        "http://h:port",
    ],
)
def test_law_14_an_address_is_http_and_holds_no_secret(url: str) -> None:
    message = refused(ONE + f'url = "{url}"\n')
    assert "library.0.url" in message
    assert "abc" not in message


def test_an_address_may_have_a_path() -> None:
    assert parse(ONE + 'url = "https://host/zotero/"\n').library[0].url == "https://host/zotero"


@pytest.mark.parametrize(
    ("url", "origin"),
    [
        ("https://API.zotero.org:443/x", "https://api.zotero.org"),
        ("http://127.0.0.1:8080", "http://127.0.0.1:8080"),
        ("http://[::1]:80/", "http://[::1]"),
    ],
)
def test_r24_an_origin_has_one_spelling(url: str, origin: str) -> None:
    assert origin_of(url) == origin


@pytest.mark.parametrize(
    "name",
    [
        "{citekey}",
        "x.md",
        "a/{citekey}.md",
        "{citekey.__class__}.md",
        "{nope}.md",
        "{citekey.md",
        "{citekey!r}.md",
        "{year}.md",
    ],
)
def test_a_file_template_names_papers_apart(name: str) -> None:
    assert "notes.file" in refused(ONE + f'[notes]\nfile = "{name}"\n')


def test_an_unknown_key_is_an_error_that_names_the_nearest() -> None:
    message = refused(ONE + '[notes]\ncraete = "all"\n')
    assert "notes.craete is unknown (did you mean create?)" in message
    assert "max_new" in message
    assert "conflicts" in refused(ONE + '[conflict]\npolicy = "ask"\n')


def test_a_value_that_is_not_allowed_names_what_is() -> None:
    assert "'ask', 'zotero' or 'vault'" in refused(ONE + '[conflicts]\npolicy = "newest"\n')


def test_no_library_and_no_toml_are_errors() -> None:
    assert "library is missing" in refused("")
    assert "not valid TOML" in refused("[library")


def test_r19_citation_keys_are_made_only_when_asked_and_by_a_formula_that_is_one() -> None:
    assert parse(ONE).citekeys.generate == "off"
    made = parse(ONE + '[citekeys]\ngenerate = "both"\nformula = "authEtal2 + year"\n').citekeys
    assert (made.generate, made.formula) == ("both", "authEtal2 + year")
    message = refused(ONE + '[citekeys]\nformula = "auth.lowr + year"\n')
    assert "citekeys.formula: there is no filter lowr; is lower meant? (at character 6 of the formula)" in message


@pytest.mark.parametrize("zone", ["Mars/Olympus", "/etc/passwd", "../x", ""])
def test_r10_the_zone_is_a_named_one(zone: str) -> None:
    assert "time.zone" in refused(ONE + f'[time]\nzone = "{zone}"\n')


def test_a_status_tag_stands_for_one_status() -> None:
    refused(ONE + '[status]\nstore = "tag"\ntags = { read = "done", skipped = "Done" }\n')
    refused(ONE + '[status]\ntags = { read = "done" }\n')
    assert dict(StatusConfig(store="tag").status_tags())["read"] == "read"


@pytest.mark.parametrize("target", ["extra:Rating", "extra:Tldr", "pages", "language", "date"])
def test_r13_free_names_and_zotero_fields_are_taken(target: str) -> None:
    assert parse(ONE + f'[fields]\nmine = "{target}"\n').fields == {"mine": target}


@pytest.mark.parametrize(
    "name", ["type", "status", "genre", "language", "series", "note", "tex.x", "Read_Status", "ids"]
)
def test_r13_names_that_zotero_would_move_are_refused_at_start(name: str) -> None:
    assert "fields: mine:" in refused(ONE + f'[fields]\nmine = "extra:{name}"\n')


@pytest.mark.parametrize(
    ("name", "target", "says"),
    [
        ("title", "extra:Rating", "taken"),
        ("zotero-key", "pages", "taken"),
        ("mine", "DOI", "already kept in step"),
        ("mine", "pagse", "did you mean pages?"),
        ("mine", "line:Rating", "extra:Name"),
        ("a: b", "pages", "letters"),
    ],
)
def test_fields_that_cannot_be_are_refused(name: str, target: str, says: str) -> None:
    assert says in refused(ONE + f'[fields]\n"{name}" = "{target}"\n')


@pytest.mark.parametrize(
    ("line", "says"),
    [
        ('titel = "Title"', "did you mean title?"),
        ('doi = "url"', "two keys"),
        ('doi = "a:b"', "letters"),
        ('doi = ""', "letters"),
    ],
)
def test_r36_keys_rename_what_exists_and_never_onto_another(line: str, says: str) -> None:
    assert says in refused(ONE + f"[keys]\n{line}\n")


def test_r36_two_keys_may_change_names() -> None:
    assert parse(ONE + '[keys]\ndoi = "url"\nurl = "doi"\n').keys == {"doi": "url", "url": "doi"}


def test_what_init_writes_reads_back_equal() -> None:
    config = Config(
        library=(
            LibraryConfig(id="users/1", url="http://127.0.0.1:8080/x", folder="Papers"),
            LibraryConfig(id="groups/2", folder="Gruppe Ä"),
        ),
        notes=NotesConfig(create="wanted", max_new=70),
        time=TimeConfig(zone="Europe/Berlin"),
    )
    text = render(config)
    assert parse(text) == config
    assert all(f"# [{name}]" in text for name in ("tags", "status", "fields", "keys", "conflicts", "guards"))


def test_the_commented_examples_are_allowed() -> None:
    text = render(Config(library=(LibraryConfig(id="users/1"),)))
    head, more = text.split("# More that can be set")
    lines = [line.removeprefix("# ") for line in more.splitlines()[1:] if line != "#"]
    config = parse(head + "\n".join(lines))
    assert config.fields == {"rating": "extra:Rating", "pages": "pages"}
    assert config.keys == {"doi": "DOI"}


def test_a_demo_configuration_names_no_server() -> None:
    config = Config(library=(LibraryConfig(id="users/1"),), sandbox=SandboxConfig(data=".bridge/sandbox"))
    assert "url" not in render(config)
    assert parse(render(config)) == config


def test_the_fingerprint_moves_with_what_records_look_like_and_with_nothing_else() -> None:
    first = parse(ONE).fingerprint()
    assert parse(ONE + '[guards]\nshare = 0.5\n[conflicts]\npolicy = "vault"\n').fingerprint() == first
    assert parse(ONE + 'url = "https://other"\n').fingerprint() == first
    different = (
        '[tags]\nautomatic = "tags"\n',
        '[fields]\nmine = "pages"\n',
        '[keys]\ndoi = "DOI"\n',
        '[time]\nzone = "Asia/Tokyo"\n',
    )
    assert len({parse(ONE + more).fingerprint() for more in different} | {first}) == 5


def test_reading_names_the_file_and_tolerates_a_byte_order_mark(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"config\.toml is missing"):
        read(tmp_path)
    path = tmp_path / CONFIG_PATH
    path.parent.mkdir()
    path.write_bytes(b"\xff\xfe")
    with pytest.raises(ConfigError, match="cannot be read"):
        read(tmp_path)
    path.write_text("\ufeff" + ONE, encoding="utf-8")
    assert read(tmp_path).library[0].id == "users/1"


def test_two_keys_never_share_one_place_in_zotero() -> None:
    assert "kept in mine already" in refused(ONE + '[fields]\nmine = "extra:Rating"\nyours = "extra:rating"\n')


def test_r10_a_status_name_is_one_that_zotero_can_keep() -> None:
    assert "later: a status cannot hold" in refused(ONE + '[status]\nnames = { later = "Some; day" }\n')
