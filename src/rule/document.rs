//! What cannot be read, or is not read.

rules! {
    SYNTAX = "document/syntax", Error,
    "Invalid YAML or JSON",
    "The document cannot be read, so it never reaches a cluster. The other documents of the file are checked anyway.", manifests;

    LIMIT = "document/limit", Error,
    "Document beyond a limit",
    "The document is nested too deeply, or its aliases grow too large. An API server rejects it too, because reading it would cost too much.";

    NOT_UTF_8 = "document/not-utf-8", Error,
    "Document that is not UTF-8",
    "Kubernetes reads UTF-8. The file has another encoding, or is not a text file.";

    NO_OBJECT = "document/no-object", Error,
    "Invalid type of apiVersion or kind",
    "apiVersion and kind are strings. Without them Kubernetes cannot tell what the document is.", manifests;

    IGNORED_TEXT = "document/ignored-text", Error,
    "Text after the end of a document",
    "Kubernetes clients split a stream at lines with `---` and read the first document of each part. What follows that document, after `...` or a closing bracket, is dropped silently. Separate documents by a line with `---`.", manifests;

    OMITTED = "document/omitted", Note,
    "Findings omitted",
    "The number of findings that are kept for one document is limited.";
}
