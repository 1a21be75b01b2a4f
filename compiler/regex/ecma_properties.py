r"""The Unicode properties that ``\p{...}`` may name in ECMA-262, with their only spellings (tables 67 to 69)."""

from __future__ import annotations

import re

from constrain._core import unicode_class

__all__ = ["is_property"]


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


_BINARY = _words(
    """
    ASCII AHex ASCII_Hex_Digit Alpha Alphabetic Any Assigned Bidi_C Bidi_Control Bidi_M Bidi_Mirrored CI
    Case_Ignorable Cased CWCF Changes_When_Casefolded CWCM Changes_When_Casemapped CWL Changes_When_Lowercased
    CWKCF Changes_When_NFKC_Casefolded CWT Changes_When_Titlecased CWU Changes_When_Uppercased Dash DI
    Default_Ignorable_Code_Point Dep Deprecated Dia Diacritic EBase Emoji Emoji_Modifier_Base EComp
    Emoji_Component EMod Emoji_Modifier EPres Emoji_Presentation ExtPict Extended_Pictographic Ext Extender
    Gr_Base Grapheme_Base Gr_Ext Grapheme_Extend Hex Hex_Digit IDC ID_Continue IDS ID_Start IDSB
    IDS_Binary_Operator IDST IDS_Trinary_Operator Ideo Ideographic Join_C Join_Control LOE
    Logical_Order_Exception Lower Lowercase Math NChar Noncharacter_Code_Point Pat_Syn Pattern_Syntax Pat_WS
    Pattern_White_Space QMark Quotation_Mark RI Radical Regional_Indicator SD Sentence_Terminal STerm
    Soft_Dotted Term Terminal_Punctuation UIdeo Unified_Ideograph Upper Uppercase VS Variation_Selector
    White_Space space XIDC XID_Continue XIDS XID_Start
    """
)
_CATEGORIES = _words(
    """
    C Other Cc Control cntrl Cf Format Cn Unassigned Co Private_Use Cs Surrogate L Letter LC Cased_Letter Ll
    Lowercase_Letter Lm Modifier_Letter Lo Other_Letter Lt Titlecase_Letter Lu Uppercase_Letter M Mark
    Combining_Mark Mc Spacing_Mark Me Enclosing_Mark Mn Nonspacing_Mark N Number Nd Decimal_Number digit Nl
    Letter_Number No Other_Number P Punctuation punct Pc Connector_Punctuation Pd Dash_Punctuation Pe
    Close_Punctuation Pf Final_Punctuation Pi Initial_Punctuation Po Other_Punctuation Ps Open_Punctuation S
    Symbol Sc Currency_Symbol Sk Modifier_Symbol Sm Math_Symbol So Other_Symbol Z Separator Zl Line_Separator Zp
    Paragraph_Separator Zs Space_Separator
    """
)
# scripts of more than one word
_LONG_SCRIPTS = _words(
    """
    Anatolian_Hieroglyphs Beria_Erfe Canadian_Aboriginal Caucasian_Albanian Cypro_Minoan Dives_Akuru
    Egyptian_Hieroglyphs Gunjala_Gondi Gurung_Khema Hanifi_Rohingya Imperial_Aramaic Inscriptional_Pahlavi
    Inscriptional_Parthian Khitan_Small_Script Kirat_Rai Linear_A Linear_B Masaram_Gondi Meetei_Mayek
    Mende_Kikakui Meroitic_Cursive Meroitic_Hieroglyphs Nag_Mundari New_Tai_Lue Nyiakeng_Puachue_Hmong Ol_Chiki
    Ol_Onal Old_Hungarian Old_Italic Old_North_Arabian Old_Permic Old_Persian Old_Sogdian Old_South_Arabian
    Old_Turkic Old_Uyghur Pahawh_Hmong Pau_Cin_Hau Phags_Pa Psalter_Pahlavi Sora_Sompeng Syloti_Nagri Tai_Le
    Tai_Tham Tai_Viet Tai_Yo Tolong_Siki Tulu_Tigalari Warang_Citi Zanabazar_Square
    """
)
_SQUEEZED = frozenset(name.replace("_", "").lower() for name in _LONG_SCRIPTS)


def is_property(name: str, value: str | None) -> bool:
    r"""Whether ``\p{name}``, or ``\p{name=value}``, is a class."""
    if value is None:
        return name in _BINARY or name in _CATEGORIES
    if name in ("General_Category", "gc"):
        return value in _CATEGORIES
    return name in ("Script", "sc", "Script_Extensions", "scx") and _is_script(value)


def _is_script(name: str) -> bool:
    """The engine's tables know the scripts, but do not insist on capitals and underscores."""
    if name in _LONG_SCRIPTS or name == "SignWriting":
        return True
    known = re.fullmatch("[A-Z][a-z]+", name) is not None and unicode_class(f"Script={name}") is not None
    return known and name.lower() not in _SQUEEZED and name != "Signwriting"
