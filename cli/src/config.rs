//! The configuration file.

use std::{
    env, fs,
    path::{Path, PathBuf},
};

use istio_gateway::{
    IstioVersion, Object, UnknownIstioVersion,
    validate::{FieldValidation, UnknownFieldValidation},
};
use serde::Deserialize;

use crate::{Failure, text::shown};

/// The name of the file. It begins with a dot, because `istio-gateway.yaml` is a usual name of a manifest.
const NAME: &str = ".istio-gateway.yaml";

/// Defaults for the options of `check`: `docs/config.schema.json` describes them.
#[derive(Default, Deserialize)]
#[serde(default, deny_unknown_fields, rename_all = "camelCase")]
pub(crate) struct Config {
    pub(crate) istio: Option<String>,
    pub(crate) field_validation: Option<String>,
    pub(crate) gateway_namespace: Option<String>,
    pub(crate) expiring: Option<u32>,
    pub(crate) deny: Vec<String>,
    pub(crate) allow: Vec<String>,
    /// Where it was read, for messages.
    #[serde(skip)]
    pub(crate) path: PathBuf,
}

impl Config {
    /// The file of an argument, otherwise the first one in the current directory or a directory above.
    pub(crate) fn find(argument: Option<&Path>) -> Result<Self, Failure> {
        if let Some(path) = argument {
            return Self::read(path);
        }
        let Ok(directory) = env::current_dir() else { return Ok(Self::default()) };
        let found = directory.ancestors().map(|directory| directory.join(NAME));
        match found.into_iter().find(|path| path.is_file()) {
            Some(path) => Self::read(&path),
            None => Ok(Self::default()),
        }
    }

    pub(crate) fn istio(&self) -> Result<IstioVersion, Failure> {
        let version = self.istio.as_ref().map(|version| version.parse());
        version
            .transpose()
            .map(Option::unwrap_or_default)
            .map_err(|error: UnknownIstioVersion| self.failure("istio", &error))
    }

    pub(crate) fn field_validation(&self) -> Result<FieldValidation, Failure> {
        let mode = self.field_validation.as_ref().map(|mode| mode.parse());
        let mode = mode.transpose().map(Option::unwrap_or_default);
        mode.map_err(|error: UnknownFieldValidation| self.failure("fieldValidation", &error))
    }

    fn failure(&self, key: &str, error: &dyn std::fmt::Display) -> Failure {
        Failure::Usage(format!("{}: {key}: {error}", self.path.display()))
    }

    fn read(path: &Path) -> Result<Self, Failure> {
        let failure = |error: &dyn std::fmt::Display| {
            Failure::Usage(format!("{}: {}", path.display(), shown(&error.to_string())))
        };
        let text = fs::read_to_string(path).map_err(|error| failure(&error))?;
        let is_blank = |line: &str| {
            let line = line.trim();
            line.is_empty() || line.starts_with('#') || line == "---"
        };
        if text.lines().all(is_blank) {
            return Ok(Self { path: path.to_owned(), ..Self::default() });
        }
        let object = Object::from_yaml(text.trim_start_matches('\u{feff}'))
            .map_err(|error| failure(&error))?;
        let config: Self =
            serde_json::from_str(&object.to_json()).map_err(|error| failure(&at_key(&error)))?;
        Ok(Self { path: path.to_owned(), ..config })
    }
}

/// Without the position, which is that in JSON.
fn at_key(error: &serde_json::Error) -> String {
    let text = error.to_string();
    text.rsplit_once(" at line ").map_or(text.clone(), |(text, _)| text.to_owned())
}
