//! Writes the Response that the benchmarks measure, and the certificate that verifies it, so that other programs can
//! measure the same bytes: `cargo run -p vestibule-saml --example typical_response -- DIRECTORY`.

#![expect(clippy::unwrap_used, clippy::expect_used, reason = "an example may stop")]
#![expect(dead_code, reason = "the scene is larger than what is written here")]

#[path = "../benches/scene/mod.rs"]
mod scene;

use std::{fs, path::PathBuf};

use base64::{Engine, engine::general_purpose::STANDARD};
use vestibule_saml_idp::{Signed, saml_response_value};

fn main() {
    let directory = PathBuf::from(std::env::args().nth(1).expect("a directory"));
    fs::create_dir_all(&directory).unwrap();
    let scene = scene::Scene::new();
    let xml = scene.response(Signed::Assertion, scene::GROUPS);
    let certificate = STANDARD.encode(scene.key.certificate_der());
    let pem = format!("-----BEGIN CERTIFICATE-----\n{certificate}\n-----END CERTIFICATE-----\n");
    fs::write(directory.join("response.b64"), saml_response_value(&xml)).unwrap();
    fs::write(directory.join("response.xml"), xml).unwrap();
    fs::write(directory.join("certificate.pem"), pem).unwrap();
}
