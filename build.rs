//! The descriptor sets in proto/ -> prost-build, pbjson-build and the dialect's field tables -> `OUT_DIR`.

use std::{env, error::Error, fmt::Write as _, fs, path::Path};

use heck::{ToSnakeCase, ToUpperCamelCase};
use prost::Message as _;
use prost_types::{
    DescriptorProto, EnumDescriptorProto, FileDescriptorSet, field_descriptor_proto::Type,
};

/// Compiled from `proto/` by `cargo run -p istio-gateway-descriptors`, comments included.
const ISTIO: &str = "proto/istio.binpb";

/// The same for Envoy's messages, with the feature `envoy`.
const ENVOY: &str = "proto/envoy.binpb";

fn main() -> Result<(), Box<dyn Error>> {
    println!("cargo::rerun-if-changed={ISTIO}");
    println!("cargo::rerun-if-changed={ENVOY}");
    println!("cargo::rustc-check-cfg=cfg(without_pbjson)");
    let out = env::var_os("OUT_DIR").ok_or("cargo sets OUT_DIR")?;
    let out = Path::new(&out);

    let encoded = fs::read(ISTIO)?;
    let mut set = FileDescriptorSet::decode(&*encoded)?;
    // prost also processes types that are only imported. It does not need the types of options.
    set.file.retain(|f| {
        !["google/api/field_behavior.proto", "google/protobuf/descriptor.proto"].contains(&f.name())
    });

    dialect(&set, out)?;
    pbjson_build::Builder::new()
        .register_descriptors(&encoded)?
        .extern_path(".google.protobuf.Timestamp", "crate::Timestamp")
        .btree_map(["."])
        .ignore_unknown_fields()
        .build(&[".istio"])?;
    prost_build::Config::new()
        .extern_path(".google.protobuf.Timestamp", "crate::Timestamp")
        .btree_map(["."])
        // A new enum value must not break a user's match.
        .enum_attribute(".", "#[non_exhaustive]")
        .enable_type_names()
        .type_name_domain(["."], "type.googleapis.com")
        .compile_fds(set)?;

    // Cargo sets this variable, not the user.
    if env::var_os("CARGO_FEATURE_ENVOY").is_some() {
        envoy()?;
    }
    Ok(())
}

/// Envoy's messages have no dialect. Their JSON uses the names of the `.proto` files, as Envoy's
/// documentation does.
fn envoy() -> Result<(), Box<dyn Error>> {
    let encoded = fs::read(ENVOY)?;
    let set = FileDescriptorSet::decode(&*encoded)?;
    pbjson_build::Builder::new()
        .register_descriptors(&encoded)?
        .extern_path(".google.protobuf.Duration", "crate::envoy::Duration")
        .preserve_proto_field_names()
        .build(&[".envoy"])?;
    prost_build::Config::new()
        .extern_path(".google.protobuf.Duration", "crate::envoy::Duration")
        .enable_type_names()
        .type_name_domain(["."], "type.googleapis.com")
        .compile_fds(set)?;
    Ok(())
}

/// Writes `<package>.dialect.rs`: for each message one `message!` with its fields in declaration
/// order, which `src/json/message.rs` turns into the decoder and the encoder of Istio's JSON.
fn dialect(set: &FileDescriptorSet, out: &Path) -> Result<(), Box<dyn Error>> {
    let mut packages = std::collections::BTreeMap::<&str, String>::new();
    for file in set.file.iter().filter(|f| f.package().starts_with("istio.")) {
        let code = packages.entry(file.package()).or_default();
        for message in &file.message_type {
            dialect_message(message, file.package(), "", set, code)?;
        }
    }
    for (package, code) in packages {
        fs::write(out.join(format!("{package}.dialect.rs")), code)?;
    }
    Ok(())
}

fn dialect_message(
    message: &DescriptorProto,
    scope: &str,
    module: &str,
    set: &FileDescriptorSet,
    code: &mut String,
) -> Result<(), Box<dyn Error>> {
    let name = format!("{scope}.{}", message.name());
    writeln!(
        code,
        "crate::json::message! {{ {module}{}, {name:?} {{",
        message.name().to_upper_camel_case()
    )?;
    for field in &message.field {
        let (proto, json) = (field.name(), field.json_name());
        write!(code, "    r#{proto} {proto:?} {json:?}")?;
        if field.r#type() == Type::Enum {
            let values = find_enum(set, field.type_name())
                .ok_or_else(|| format!("no enum {}", field.type_name()))?;
            write!(code, " [")?;
            for value in &values.value {
                write!(code, "{:?} = {}, ", value.name(), value.number())?;
            }
            write!(code, "]")?;
        }
        writeln!(code, ",")?;
    }
    writeln!(code, "}} }}")?;
    let module = format!("{module}{}::", message.name().to_snake_case());
    for nested in &message.nested_type {
        if !nested.options.as_ref().is_some_and(prost_types::MessageOptions::map_entry) {
            dialect_message(nested, &name, &module, set, code)?;
        }
    }
    Ok(())
}

/// The enum with a full name (`.package.Outer.Name`).
fn find_enum<'a>(set: &'a FileDescriptorSet, full_name: &str) -> Option<&'a EnumDescriptorProto> {
    fn within<'a>(messages: &'a [DescriptorProto], name: &str) -> Option<&'a EnumDescriptorProto> {
        messages.iter().find_map(|message| {
            let rest = name.strip_prefix(message.name())?.strip_prefix('.')?;
            message
                .enum_type
                .iter()
                .find(|e| e.name() == rest)
                .or_else(|| within(&message.nested_type, rest))
        })
    }
    set.file.iter().find_map(|file| {
        let name = full_name.strip_prefix('.')?.strip_prefix(file.package())?.strip_prefix('.')?;
        file.enum_type
            .iter()
            .find(|e| e.name() == name)
            .or_else(|| within(&file.message_type, name))
    })
}
