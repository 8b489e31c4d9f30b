//! `istio-gateway schema`: a JSON Schema for editors.

use clap::Args;
use istio_gateway::{IstioVersion, validate};

use crate::{Failure, output::print};

/// Prints a JSON Schema of Gateways, for editors.
///
/// It has the fields, types and values of the custom resource, its CEL rules, and descriptions. As
/// kubectl apply does, it rejects unknown fields. The webhook's rules are those of check.
#[derive(Args)]
#[command(after_long_help = "\
Examples:
  istio-gateway schema > gateway.schema.json
  istio-gateway schema --istio 1.30 > gateway.schema.json

First line of a manifest, for editors with yaml-language-server (VS Code, Neovim, Helix, ...):
  # yaml-language-server: $schema=gateway.schema.json

Exit status:
  0  the schema was printed
  2  usage error, or standard output cannot be written")]
pub(crate) struct Schema {
    /// The release of Istio, such as 1.30
    #[arg(long, value_name = "VERSION", default_value_t)]
    istio: IstioVersion,
}

impl Schema {
    pub(crate) fn run(&self) -> Result<(), Failure> {
        print(format!("{:#}\n", validate::json_schema(self.istio)).as_bytes())
    }
}
