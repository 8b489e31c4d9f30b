//! Distinguished names.

use std::fmt::{self, Write as _};

use super::read::{
    BMP_STRING, BOOLEAN, Element, NULL, OID, Reader, SEQUENCE, SET, UNIVERSAL_STRING, UTF8_STRING,
};

const IA5_STRING: u32 = 22;
const EMAIL_ADDRESS: &[u8] = &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 9, 1];
const COMMON_NAME: &[u8] = &[0x55, 4, 3];

/// The longest name that BoringSSL reads.
const LONGEST: usize = 1 << 20;

/// A distinguished name.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Name {
    /// What BoringSSL compares: strings in lower case, without surplus spaces.
    pub(super) canonical: Vec<u8>,
    attributes: Vec<Attribute>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
struct Attribute {
    oid: Vec<u8>,
    tag: u32,
    value: Vec<u8>,
}

impl Name {
    /// Source: BoringSSL's `x509_parse_name`.
    pub(super) fn read(der: &mut Reader<'_>) -> Option<Self> {
        let sequence = der.read(SEQUENCE).filter(|sequence| sequence.0.len() <= LONGEST)?;
        let mut name = Self::default();
        let mut rest = sequence;
        while !rest.is_empty() {
            let set = rest.read(SET).filter(|set| !set.is_empty())?;
            name.add(set.all(Attribute::read)?)?;
        }
        Some(name)
    }

    /// Adds a relative distinguished name.
    fn add(&mut self, attributes: Vec<Attribute>) -> Option<()> {
        let encoded = attributes.iter().map(Attribute::canonical);
        let mut encoded: Vec<Vec<u8>> = encoded.collect::<Option<_>>()?;
        crate::sort::sort(&mut encoded);
        self.canonical.extend(element(0x31, &encoded.concat()));
        self.attributes.extend(attributes);
        Some(())
    }

    /// A name that a relative one is added to. `None`, if the relative one is malformed.
    pub(super) fn with_relative(&self, relative: Reader<'_>) -> Option<Self> {
        let mut name = self.clone();
        name.add(relative.all(Attribute::read)?)?;
        Some(name)
    }

    /// The number of attributes.
    pub(super) fn len(&self) -> usize {
        self.attributes.len()
    }

    /// The e-mail addresses. One that is not an `IA5String` is `None`.
    pub(super) fn emails(&self) -> impl Iterator<Item = Option<&[u8]>> {
        let emails = self.attributes.iter().filter(|attribute| attribute.oid == EMAIL_ADDRESS);
        emails.map(|email| (email.tag == IA5_STRING).then_some(&*email.value))
    }

    /// The bytes of the first common name.
    #[cfg(feature = "validate")]
    pub(super) fn first_common_name(&self) -> Option<&[u8]> {
        let name = self.attributes.iter().find(|attribute| attribute.oid == COMMON_NAME);
        name.map(|name| &*name.value)
    }

    /// The common names, as text.
    pub(super) fn common_names(&self) -> impl Iterator<Item = String> {
        let names = self.attributes.iter().filter(|attribute| attribute.oid == COMMON_NAME);
        names.map(Attribute::text)
    }
}

/// As in RFC 4514, in the order of the encoding: `CN=client, O=shop`.
impl fmt::Display for Name {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.attributes.is_empty() {
            return f.write_str("an empty name");
        }
        for (index, attribute) in self.attributes.iter().enumerate() {
            let separator = if index > 0 { ", " } else { "" };
            write!(f, "{separator}{}=", attribute.label())?;
            for character in attribute.text().chars() {
                match character {
                    ',' | '+' | '"' | '\\' | '<' | '>' | ';' => write!(f, "\\{character}")?,
                    _ => f.write_char(character)?,
                }
            }
        }
        Ok(())
    }
}

impl Attribute {
    fn read(der: &mut Reader<'_>) -> Option<Self> {
        let mut sequence = der.read(SEQUENCE)?;
        let oid = sequence.oid()?.to_vec();
        let value: Element<'_> = sequence.element()?;
        let is_string = !matches!(value.tag, BOOLEAN | NULL | OID);
        let is_valid = is_string && value.is_valid() && sequence.is_empty();
        is_valid.then(|| Self { oid, tag: value.tag, value: value.content.0.to_vec() })
    }

    fn label(&self) -> String {
        let known = match *self.oid {
            [0x55, 4, 3] => "CN",
            [0x55, 4, 6] => "C",
            [0x55, 4, 7] => "L",
            [0x55, 4, 8] => "ST",
            [0x55, 4, 10] => "O",
            [0x55, 4, 11] => "OU",
            _ if self.oid == EMAIL_ADDRESS => "emailAddress",
            _ => return dotted(&self.oid),
        };
        known.to_owned()
    }

    /// The value, without what could control a terminal.
    fn text(&self) -> String {
        let text = match self.tag {
            UTF8_STRING => String::from_utf8_lossy(&self.value).into_owned(),
            BMP_STRING => wide(&self.value, 2),
            UNIVERSAL_STRING => wide(&self.value, 4),
            _ => self.value.iter().copied().map(char::from).collect(),
        };
        text.chars().map(|c| if c.is_control() { char::REPLACEMENT_CHARACTER } else { c }).collect()
    }

    /// Source: BoringSSL's `asn1_marshal_string_canon`.
    fn canonical(&self) -> Option<Vec<u8>> {
        // Printable, T61, IA5 and Visible strings are Latin-1.
        let text: String = match self.tag {
            UTF8_STRING => String::from_utf8(self.value.clone()).ok()?,
            BMP_STRING => wide(&self.value, 2),
            UNIVERSAL_STRING => wide(&self.value, 4),
            19 | 20 | 22 | 26 => self.value.iter().copied().map(char::from).collect(),
            _ => {
                let tag = u8::try_from(self.tag & 0xff).ok()? | (self.tag >> 24) as u8 & 0xe0;
                let inner = [element(6, &self.oid), element(tag, &self.value)].concat();
                return Some(element(0x30, &inner));
            }
        };
        let is_space = |c: char| matches!(c, '\t'..='\r' | ' ');
        let words = text.split(is_space).filter(|word| !word.is_empty());
        let folded = words.collect::<Vec<_>>().join(" ").to_ascii_lowercase();
        let inner = [element(6, &self.oid), element(12, folded.as_bytes())].concat();
        Some(element(0x30, &inner))
    }
}

/// Text of units of several bytes.
fn wide(bytes: &[u8], width: usize) -> String {
    let points = bytes.chunks(width);
    let points = points.map(|unit| unit.iter().fold(0, |point, b| point << 8 | u32::from(*b)));
    points.map(|point| char::from_u32(point).unwrap_or(char::REPLACEMENT_CHARACTER)).collect()
}

/// An element in DER.
fn element(tag: u8, content: &[u8]) -> Vec<u8> {
    let mut der = vec![tag];
    match u8::try_from(content.len()) {
        Ok(short @ ..0x80) => der.push(short),
        _ => {
            let length = content.len().to_be_bytes();
            let digits = length.iter().skip_while(|digit| **digit == 0);
            der.push(0x80 | u8::try_from(digits.clone().count()).unwrap_or(0x7f));
            der.extend(digits);
        }
    }
    der.extend(content);
    der
}

/// An object identifier with dots.
pub(super) fn dotted(oid: &[u8]) -> String {
    let mut numbers = Vec::new();
    let mut number = 0_u128;
    for byte in oid {
        number = number.wrapping_shl(7) | u128::from(byte & 0x7f);
        if byte & 0x80 == 0 {
            if numbers.is_empty() {
                let first = (number / 40).min(2);
                numbers.extend([first, number - 40 * first]);
            } else {
                numbers.push(number);
            }
            number = 0;
        }
    }
    numbers.iter().map(ToString::to_string).collect::<Vec<_>>().join(".")
}
