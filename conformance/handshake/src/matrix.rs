//! Every client on every listener: what `ClientCertificatePolicy` says, and what Envoy does.
