//! Objects with random `metadata`, some of it odd.

use serde_json::{Value, json};

use super::{
    cases::{INTEGERS, KEYS, NAMES, TIMES, VALUES},
    expanded,
};

/// Random objects.
pub(crate) struct Random(u64);

impl Random {
    pub(crate) fn new(seed: u64) -> Self {
        Self(seed)
    }

    /// Sebastiano Vigna's `SplitMix64`.
    fn next(&mut self, below: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        usize::try_from((z ^ (z >> 31)) % below as u64).unwrap()
    }

    fn pick<'a>(&mut self, from: &[&'a str]) -> &'a str {
        from[self.next(from.len())]
    }

    fn value(&mut self, text: &str) -> Value {
        serde_json::from_str(&expanded(text)).unwrap()
    }

    /// An odd string with the given probability, else a valid one.
    fn rarely<'a>(&mut self, one_in: usize, odd: &[&'a str], good: &[&'a str]) -> &'a str {
        let from = if self.next(one_in) == 0 { odd } else { good };
        from[self.next(from.len())]
    }

    fn rare_text(&mut self, one_in: usize, odd: &[&str], good: &[&str]) -> Value {
        let text = self.rarely(one_in, odd, good);
        self.value(&format!("\"{text}\""))
    }

    fn text(&mut self, from: &[&str]) -> Value {
        let text = self.pick(from);
        self.value(&format!("\"{text}\""))
    }

    /// A value of the field's type, valid in two of three cases; sometimes of another type.
    fn field(&mut self, field: &str, oddity: usize) -> Value {
        if self.next(oddity) == 0 {
            let text = self.pick(&VALUES);
            return self.value(text);
        }
        let times = ["2026-01-31T12:00:00Z", "2026-01-31T1:00:00,5+01:00"];
        match field {
            "name" | "generateName" => self.rare_text(6, &NAMES, &NAMES[..2]),
            "namespace" => self.text(&["infra", "edge", "edge", "0", "A", "a.b", "⟨x*64⟩"]),
            "labels" | "annotations" => {
                let mut map = json!({});
                for _ in 0..self.next(4) {
                    let key = self.rare_text(12, &KEYS, &["a", "b.c", "example.com/d"]);
                    map[key.as_str().unwrap()] = self.rare_text(12, &NAMES, &["", "a", "B_c.d"]);
                }
                map
            }
            "finalizers" => {
                let count = self.next(4);
                let good = ["a/b", "orphan", "foregroundDeletion", "c.d"];
                (0..count).map(|_| self.rare_text(8, &KEYS, &good)).collect()
            }
            "ownerReferences" => {
                let count = self.next(4);
                (0..count).map(|_| self.owner()).collect()
            }
            "creationTimestamp" | "deletionTimestamp" => self.rare_text(6, &TIMES, &times),
            "deletionGracePeriodSeconds" | "generation" => {
                let text = self.rarely(6, &INTEGERS, &["0", "1.0", "1e3"]);
                self.value(text)
            }
            "managedFields" => {
                let mut entry = json!({});
                for (key, good) in [
                    ("manager", "\"a\""),
                    ("operation", "\"Update\""),
                    ("fieldsV1", "{\"f:a\":{}}"),
                ] {
                    let text = if self.next(8) == 0 { self.pick(&VALUES) } else { good };
                    entry[key] = self.value(text);
                }
                entry["time"] = self.rare_text(8, &TIMES, &times);
                json!([entry])
            }
            _ => self.text(&["a", "", "5x"]),
        }
    }

    fn owner(&mut self) -> Value {
        let mut owner = json!({});
        let fields: [(&str, &[&str]); 6] = [
            ("apiVersion", &["\"v1\"", "\"apps/v1\"", "\"a/b/c\"", "\"\""]),
            ("kind", &["\"Pod\"", "\"Event\"", "\"\""]),
            ("name", &["\"a\"", "\"<b>\"", "\"\""]),
            ("uid", &["\"u\"", "\"v\"", "\"\""]),
            ("controller", &["true", "false", "null"]),
            ("blockOwnerDeletion", &["true", "false", "null"]),
        ];
        for (key, values) in fields {
            let text = match self.next(24) {
                0 => self.pick(&VALUES),
                1 => continue,
                2 => self.pick(values),
                _ => values[0],
            };
            owner[key] = self.value(text);
        }
        owner
    }

    /// An object with some fields, some of which are odd.
    pub(crate) fn object(&mut self) -> String {
        const TOP: [&str; 15] = [
            "name",
            "generateName",
            "namespace",
            "labels",
            "annotations",
            "finalizers",
            "ownerReferences",
            "uid",
            "creationTimestamp",
            "deletionTimestamp",
            "deletionGracePeriodSeconds",
            "selfLink",
            "generation",
            "managedFields",
            "clusterName",
        ];
        let oddity = [12, 40, 1000][self.next(3)];
        let mut metadata = json!({"name": "edge"});
        if self.next(6) == 0 {
            metadata = json!({"generateName": "edge-"});
        }
        for field in TOP {
            if self.next(4) == 0 {
                metadata[field] = self.field(field, oddity);
            }
        }
        if metadata["namespace"].as_str().is_some_and(|text| text.contains(['/', '\0'])) {
            metadata["namespace"] = Value::Null;
        }
        // Errors of the spec come together with those of the metadata, unless these cannot be decoded.
        let spec = self.pick(&[
            "{}",
            "{\"servers\":[{\"hosts\":[\"*\"]}]}",
            "{\"servers\":[{\"port\":{\"number\":443,\"protocol\":\"TLS\",\"name\":\"a\"},\"hosts\":[\"*\"],\"tls\":{\"credentialName\":\"a\",\"credentialNames\":[\"b\"]}}]}",
            "{\"servers\":[],\"selector\":{\"a\":1}}",
        ]);
        let version = self.pick(&["v1", "v1", "v1beta1", "v1alpha3"]);
        format!(
            "{{\"apiVersion\":\"networking.istio.io/{version}\",\"kind\":\"Gateway\",\"metadata\":{metadata},\"spec\":{spec}}}"
        )
    }
}
