//! What cannot be read, or is not read.

rules! {
    SYNTAX = "document/syntax", Error,
    "Invalid YAML or JSON",
    "The document cannot be read, so it never reaches a cluster. The other documents of the file are checked anyway.", manifests;

    LIMIT = "document/limit", Error,
    "Document beyond a limit",
    "The document is nested too deeply, its aliases expand to too many values, or a JSON number exceeds 64 bits. The API server rejects it too.";

    NOT_UTF_8 = "document/not-utf-8", Error,
    "Invalid UTF-8",
    "Kubernetes reads UTF-8. The file has another encoding, or is not a text file.";

    NO_OBJECT = "document/no-object", Error,
    "Not a Kubernetes object",
    "apiVersion and kind must be strings. Without them Kubernetes cannot identify the resource. A document with a kind and `items` is a list: kubectl applies its items and silently drops its other fields.", manifests;

    IGNORED_TEXT = "document/ignored-text", Error,
    "Text after the end of a document",
    "Kubernetes clients split a stream at lines with `---` and read the first document of each part. They silently drop everything after it, for example after `...` or a closing bracket. Separate documents with a line `---`.", manifests;

    SUPPRESSION = "document/suppression", Error,
    "Invalid suppression",
    "A comment `# istio-gateway: allow RULE reason` names a rule that does not exist or is a cluster's verdict, or has no reason. It suppresses nothing. Only rules of lint/ can be allowed; several are separated by commas without a space.";

    OMITTED = "document/omitted", Note,
    "Findings omitted",
    "The number of findings per document is limited. Correct the reported ones and check again.";
}
