//! `istio-gateway crd`: the CustomResourceDefinition of Gateway.

use clap::{Args, ValueEnum};
use istio_gateway::{IstioVersion, Object};

use crate::{Failure, output::print};

/// Prints the CustomResourceDefinition of Gateway for a release of Istio.
///
/// It is upstream's without descriptions: an API server accepts and rejects the same objects with the
/// same messages. The releases 1.24, 1.30, 1.31 and 1.32 are compared with upstream's modules; for
/// others it contains what is known.
#[derive(Args)]
#[command(after_long_help = "\
Examples:
  istio-gateway crd | kubectl apply --server-side -f -    for a test cluster
  istio-gateway crd --istio 1.30 > crd.yaml
  istio-gateway crd --format json | jq '.spec.versions[0].schema'

Output: a CustomResourceDefinition of apiextensions.k8s.io/v1 with the versions v1 (since 1.22), v1beta1
and v1alpha3, their schema, the CEL rules (since 1.26) and the status subresource.

Exit status:
  0  the definition was printed
  2  usage error, or standard output cannot be written")]
pub(crate) struct Crd {
    /// The release of Istio, such as 1.30
    #[arg(long, value_name = "VERSION", default_value_t)]
    istio: IstioVersion,

    /// The output format
    #[arg(long, value_enum, default_value = "yaml")]
    format: Format,
}

#[derive(Clone, Copy, ValueEnum)]
enum Format {
    Yaml,
    Json,
}

impl Crd {
    pub(crate) fn run(&self) -> Result<(), Failure> {
        let crd = istio_gateway::crd(self.istio);
        let text = match self.format {
            Format::Json => format!("{crd:#}\n"),
            Format::Yaml => Object::from_json(crd.to_string())
                .map_err(|error| Failure::Usage(error.to_string()))?
                .to_yaml(),
        };
        print(text.as_bytes())
    }
}
