"""Formulas against keys that Better BibTeX gives, and what is said about formulas that are none."""

from __future__ import annotations

import pytest

from bridge.citekeys import Formula, Work, parse, work_of
from bridge.citekeys.facts import Creator
from bridge.errors import ConfigError

EVERYDAY = "auth.lower + shorttitle(3,3) + year"


def work(title: str, *families: str, published: str = "", **fields: str) -> Work:
    """A paper by people of these last names."""
    creators = tuple(Creator(family, "Ada M.", "author") for family in families)
    return Work("ABCD2345", "journalArticle", title, published, creators, fields)


SAC = work(
    "Soft Actor-Critic: Off-Policy Maximum Entropy Deep Reinforcement Learning with a Stochastic Actor",
    "Haarnoja", "Zhou", "Abbeel", "Levine", published="2018-07-03", pages="1861-1870",
)  # fmt: skip
TYPING = work(
    "Efficient Selection of Type Annotations for Performance Improvement in Gradual Typing",
    "Li", "Dai", "Yamazaki", "Chiba", published="2026-02-15",
)  # fmt: skip


@pytest.mark.parametrize(
    ("formula", "paper", "key"),
    [
        # From the tests of Better BibTeX itself; the number is that of the issue they were made for.
        (EVERYDAY, SAC, "haarnojaSoftActorCriticOffPolicy2018"),  # 3059
        (EVERYDAY, work("UPSS Calculator v0.9"), "UPSSCalculatorV09"),  # 2953
        (
            "auth.lower+shorttitle(10,10).abbr(2)+year",  # 3021
            work("Research into overheating in new homes - Phase 1 report", "AECOM", published="2019-09"),
            "aecomReOvNeHoPh1Re2019",
        ),
        (
            "auth.capitalize + shortyear + shorttitle(3, 3).lower.capitalize",  # 3492
            work('Only 8% of "moderates" actually want moderation', "Morris", published="2025-09-22"),
            "Morris25Only8Moderates",
        ),
        (
            'Title.skipwords.condense("-")',  # 2614
            work("A Robust Data-Driven Koopman Kalman Filter for Power Systems Dynamic State Estimation"),
            "Robust-Data-Driven-Koopman-Kalman-Filter-Power-Systems-Dynamic-State-Estimation",
        ),
        ("authIni.lower + '-' + shorttitle.skipwords + '-' + year", TYPING,
         "li.dai.yamazaki.chiba-EfficientSelectionType-2026"),  # 3479
        ("auth + year", work("A ConvNet for the 2020s", "liu", published="2022-06"), "liu2022"),  # 2720
        ("auth + ':' + year + ':' + shorttitle(3,3)",  # 405
         work("Digital Games as Social Presence Technology", "de Kort", "IJsselsteijn", published="2007"),
         "deKort:2007:DigitalGamesSocial"),
        ("authors(n = 1, etal = Et_al) + '_' + year + '_' + shorttitle(3, 3)",  # 3351, with keys folded
         work("Über Ambivalenz", "Lüscher", published="2011-12-01"), "Luscher_2011_UberAmbivalenz"),
        # From its documentation.
        ("auth.lower + year", work("Citation keys", "de la Fontaine", published="1694"), "delafontaine1694"),
        ("auth.lower + '_' + veryshorttitle.lower + '_' + year", SAC, "haarnoja_soft_2018"),
        ("authEtal2.transliterate.capitalize + year + shorttitle(1)", SAC, "Haarnoja.etal2018Soft"),
    ],
)  # fmt: skip
def test_keys_are_those_of_better_bibtex(formula: str, paper: Work, key: str) -> None:
    assert parse(formula).key(paper) == key


@pytest.mark.parametrize(
    ("formula", "key"),
    [
        ("auth(3)", "Haa"),
        ("auth(0, 2)", "Zhou"),
        ("auth(m=9) + 'x'", "x"),
        ("authorLast", "Levine"),
        ("authors(2)", "HaarnojaZhou"),
        ("authors(2, etal='.ea')", "HaarnojaZhou.ea"),
        ("authors(min=5) | 'few'", "few"),
        ("authors(max=3) | 'many'", "many"),
        ("authorsn(2)", "HaarnojaZhouEtAl"),
        ("authorsAlpha", "HZAL"),
        ("authorIni", "Haarn.Z.A.L"),
        ("authAuthEa", "Haarnoja.Zhou.ea"),
        ("authEtal2", "Haarnoja.etal"),
        ("authshort", "H.Z.A+"),
        ("shorttitle(2)", "SoftActorCritic"),
        ("shorttitle(2,1).upper", "SOFTACTORCRITIC"),
        ("title.substring(1,4)", "Soft"),
        ("title.select(2,1)", "ActorCritic"),
        ("title.select(-1)", "Actor"),
        ("shortyear + month", "18jul"),
        ("date('%-d.%-m.%y')", "3.7.18"),
        ("firstpage + '-' + lastpage", "1861-1870"),
        ("type + item", "journalArticleABCD2345"),
        ("type(book) + title | type(journalArticle, preprint) + year", "2018"),
        ("year.len('>', 4) | year.prefix('y').postfix('!')", "y2018!"),
        ("journal.default('none')", "none"),
        ("year.replace('20', 'xx')", "xx18"),
        (r"title.replace(/\s+(\w)\w*/, '')", "Soft"),
        ("auth.match(/^(Haa)r(no)/)", "Haano"),
        ("DOI.numeric + year", "2018"),
        ("title.discard + year", "2018"),
        ("'a' || 'b'", "a"),
    ],
)
def test_functions_and_filters(formula: str, key: str) -> None:
    assert parse(formula).key(SAC) == key


@pytest.mark.parametrize(
    ("formula", "key"),
    [
        ("auth.lower + year", "muller2020"),
        ("auth.transliterate(german) + year", "Mueller2020"),
        ("auth.ascii", "Mller"),
    ],
)
def test_letters_are_folded(formula: str, key: str) -> None:
    assert parse(formula).key(work("x", "Müller", published="2020")) == key


@pytest.mark.parametrize("language", ["de", "de-DE", "de_AT", "German", "deutsch"])
def test_a_german_paper_has_ue(language: str) -> None:
    paper = work("Größe und Öffnung", "Müller", published="2020", language=language)
    assert parse(EVERYDAY).key(paper) == "muellerGroesseUndOeffnung2020"


@pytest.mark.parametrize(
    ("name", "key"),
    [
        ("Łukasiewicz", "lukasiewicz"), ("Ørsted", "orsted"), ("Þórarinsson", "thorarinsson"),
        ("Достоевский", "dostoevskiy"), ("深圳", "ShenZhen"), ("김", "Gim"), ("d'Alembert", "dalembert"),
        ("O\u2019Neil", "oneil"), ("World Health Organization", "worldhealthorganization"), ("{Evil}, #x%", "evilx"),
        ("a]] | [[b", "ab"), ("İnalcık", "inalcik"),
    ],
)  # fmt: skip
def test_names_of_all_kinds_make_a_key_that_every_tool_can_read(name: str, key: str) -> None:
    assert parse("auth.lower").key(work("x", name)) == key


def test_what_a_formula_says_nothing_about_is_empty() -> None:
    assert parse(EVERYDAY).key(Work("ABCD2345", "document")) == ""


def test_facts_are_taken_from_the_item() -> None:
    data = {
        "itemType": "case", "caseName": "Roe v. Wade", "language": "en",
        "creators": [
            {"creatorType": "contributor", "name": "ACLU"},
            {"creatorType": "editor", "lastName": "Ed", "firstName": "E"},
            {"creatorType": "author", "lastName": "", "firstName": "Prince"},
            {"creatorType": "author", "name": '"A B"'},
        ],
    }  # fmt: skip
    paper = work_of({"key": "ABCD2345", "data": data}, {"title": "Roe v. Wade", "published": "1973-01-22"})
    assert parse("authors(sep='/') + year").key(paper) == "Prince/AB1973"
    assert parse("auth(creator=editor) + Title").key(paper) == "EdRoev.Wade"
    assert paper.fields["title"] == "Roe v. Wade", "the base field finds the type's own (R14)"


@pytest.mark.parametrize(
    ("kind", "roles", "family"),
    [
        ("film", ("editor", "director"), "director"),  # a film's author is its director
        ("book", ("translator", "editor"), "editor"),  # an editor stands in
        ("book", ("translator",), "translator"),
        ("book", ("contributor",), "contributor"),
    ],
)
def test_who_stands_for_the_author(kind: str, roles: tuple[str, ...], family: str) -> None:
    creators = [{"creatorType": role, "lastName": role} for role in roles]
    paper = work_of({"key": "ABCD2345", "data": {"itemType": kind, "creators": creators}}, {})
    assert parse("auth").key(paper) == family


def test_initials_are_the_capitals_of_given_names() -> None:
    assert parse("auth(initials=true) + authForeIni + authorLastForeIni").key(SAC) == "HaarnojaAMAMAM"
    assert parse("authors(1, name='%(f).2s%(i)s%(g)s')").key(SAC) == "HaAAdaM."


@pytest.mark.parametrize(
    ("formula", "said"),
    [
        ("auth.lowr + year", "no filter lowr; is lower meant? (at character 6 "),
        ("autho + year", "no function autho; is auth meant? (at character 1 "),
        ("auth.year", "no filter year; year is a function (at character 6 "),
        ("lower + year", "no function lower; lower is a filter (at character 1 "),
        ("Titel + year", "no field Titel; is title meant? (at character 1 "),
        ("Title(3)", "takes no arguments (at character 6 "),
        ("auth year", "year was not expected (at character 6 "),
        ("auth + ", "is missing (at character "),
        ("", "is missing (at character 1 "),
        ("auth.", "the name of a filter is missing (at character 6 "),
        ("auth(1", "a ) is missing (at character 7 "),
        ("auth(n=1, 2)", "must stand before those with one (at character 11 "),
        ("auth(n=one)", "n must be a number, not a text (at character 1 "),
        ("auth(of=1)", "unexpected keyword argument 'of' (at character 1 "),
        ("title.replace('a')", "missing a required argument: 'replace' (at character 7 "),
        ("title.condense(true)", "sep must be a text, not true or false (at character 7 "),
        ("auth.match(/(/)", "is no pattern"),
        ("auth > 3", "> means nothing here (at character 6 "),
        ("[auth:lower][year]", "old form, in brackets"),
    ],
)
def test_what_is_no_formula_is_refused_with_place_and_help(formula: str, said: str) -> None:
    with pytest.raises(ConfigError) as refused:
        parse(formula)
    assert said in str(refused.value)


def test_law14_what_may_be_an_api_key_is_not_quoted() -> None:
    for secret in ("P9NiFoyLeZu2bZNvvuQPDWsd", "x9NiFoyLeZu2bZNvvuQPDWsd"):
        for formula in (secret, f"auth.{secret}", f"auth {secret}", f"'{secret}' '{secret}'"):
            with pytest.raises(ConfigError) as refused:
                parse(formula)
            assert secret not in str(refused.value)


def test_a_formula_shows_its_text_alone() -> None:
    assert repr(parse("auth")) == "Formula(text='auth')"
    assert isinstance(parse("auth"), Formula)
