//! What Istio's decoder rejects, ignores or replaces.

rules! {
    WRONG_TYPE = "decode/wrong-type", Error,
    "Invalid type",
    "The value has another type than the field. Istio's decoder rejects it.", manifests;

    OUT_OF_RANGE = "decode/out-of-range", Error,
    "Number out of range",
    "The field cannot hold the number. Istio's decoder rejects it.", manifests;

    UNKNOWN_ENUM_NAME = "decode/unknown-enum-name", Error,
    "Invalid enum value",
    "The string is not a name of the enum. Istio's decoder rejects it.", manifests;

    UNKNOWN_FIELD = "decode/unknown-field", Warning,
    "Unknown field",
    "The message has no such field. Istio's decoder ignores it.", manifests;

    DUPLICATE_FIELD = "decode/duplicate-field", Warning,
    "Repeated field",
    "The last value is used.", manifests;

    BOTH_SPELLINGS = "decode/both-spellings", Warning,
    "Field in camelCase and snake_case",
    "The field in camelCase is used, the one in snake_case is ignored.", manifests;

    NULL_ELEMENT = "decode/null-element", Warning,
    "Null in a sequence or mapping",
    "Istio's decoder replaces it with an empty value.", manifests;

    UNKNOWN_ENUM_NUMBER = "decode/unknown-enum-number", Warning,
    "Unknown enum number",
    "Istio's decoder keeps the number, but this release of Istio has no name for it.", manifests;

    QUOTED_NUMBER = "decode/quoted-number", Warning,
    "Number in quotes",
    "Istio's decoder reads it as a number; the API server rejects it.", manifests;

    NOT_A_NUMBER = "decode/not-a-number", Warning,
    "String instead of a number",
    "The API server stores it, but Istio's decoder leaves the field unset.", manifests;

    BAD_TEXT = "decode/bad-text", Warning,
    "Invalid Unicode",
    "Istio's decoder replaces invalid characters with U+FFFD.";

    UNKNOWN_ENVELOPE_KEY = "decode/unknown-envelope-key", Warning,
    "Unknown top-level key",
    "Clients ignore keys other than apiVersion, kind, metadata, spec and status.", manifests;
}
