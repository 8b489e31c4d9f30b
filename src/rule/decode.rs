//! What Istio's decoder rejects, ignores or replaces.

rules! {
    WRONG_TYPE = "decode/wrong-type", Error,
    "Invalid type",
    "Istio's decoder rejects a value of another type than the field's.";

    OUT_OF_RANGE = "decode/out-of-range", Error,
    "Number out of range",
    "Istio's decoder rejects a number that the field cannot hold.";

    UNKNOWN_ENUM_NAME = "decode/unknown-enum-name", Error,
    "Invalid enum value",
    "Istio's decoder rejects a string that is not a name of the enum.";

    UNKNOWN_FIELD = "decode/unknown-field", Warning,
    "Unknown field",
    "Istio's decoder ignores it.";

    DUPLICATE_FIELD = "decode/duplicate-field", Warning,
    "Repeated field",
    "The last one counts.";

    BOTH_SPELLINGS = "decode/both-spellings", Warning,
    "Field in camelCase and snake_case",
    "The one in camelCase counts.";

    NULL_ELEMENT = "decode/null-element", Warning,
    "Null in a sequence or mapping",
    "An empty value takes its place.";

    UNKNOWN_ENUM_NUMBER = "decode/unknown-enum-number", Warning,
    "Unknown enum number",
    "It is kept, and stands for nothing that this release knows.";

    QUOTED_NUMBER = "decode/quoted-number", Warning,
    "Number in quotes",
    "Istio's decoder reads it as the number; the API server rejects it.";

    NOT_A_NUMBER = "decode/not-a-number", Warning,
    "String instead of a number",
    "The API server stores it, and the field is unset.";

    BAD_TEXT = "decode/bad-text", Warning,
    "Invalid Unicode",
    "What is not valid is replaced by U+FFFD.";

    UNKNOWN_ENVELOPE_KEY = "decode/unknown-envelope-key", Warning,
    "Unknown top-level key",
    "Clients ignore keys other than apiVersion, kind, metadata, spec and status.";
}
