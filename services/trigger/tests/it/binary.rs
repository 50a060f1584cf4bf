use std::path::Path;

use serde_json::Value;
use vestibule_lambda_simulator::command;

use crate::{
    PROGRAM, event,
    service::{Enrichment, certificates},
    started,
};

/// How it ends with these settings, and what it says.
fn refused(settings: &[(&str, &str)]) -> String {
    let output = command(Path::new(PROGRAM), settings, "127.0.0.1:1").output().unwrap();
    assert_eq!(output.status.code(), Some(64));
    let line: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(line["level"], "FATAL");
    line["message"].as_str().unwrap().to_owned()
}

#[test]
fn a_configuration_that_cannot_work_ends_it_with_a_clear_word() {
    assert!(refused(&[]).contains("VESTIBULE_ENRICHMENT_URL is missing"));
    let url = ("VESTIBULE_ENRICHMENT_URL", "https://enrichment.test:8801");
    let token = ("VESTIBULE_SERVICE_TOKEN", "secret-value");
    assert!(refused(&[url]).contains("VESTIBULE_SERVICE_TOKEN is missing"));
    let mistyped = refused(&[url, token, ("VESTIBULE_FAILOPEN_POOLS", "eu-west-1_A")]);
    assert!(mistyped.contains("VESTIBULE_FAILOPEN_POOLS is not a setting"), "{mistyped}");
    assert!(!mistyped.contains("secret-value"));
    let broken = "-----BEGIN CERTIFICATE-----\n!\n-----END CERTIFICATE-----";
    assert!(refused(&[url, token, ("VESTIBULE_AUTHORITY", broken)]).contains("TLS"));
    assert!(refused(&[url, token, ("VESTIBULE_AUTHORITY_FILE", "/nowhere.pem")]).contains("/nowhere.pem"));
    let outside = refused(&[url, token, ("AWS_LAMBDA_RUNTIME_API", "")]);
    assert!(outside.contains("AWS_LAMBDA_RUNTIME_API is missing"), "{outside}");
}

#[tokio::test]
async fn a_service_that_another_authority_vouches_for_is_not_talked_to() {
    let (service, address, _) = Enrichment::start_tls().await;
    let (other, _) = certificates();
    let url = format!("https://localhost:{}", address.port());
    let token = ("VESTIBULE_SERVICE_TOKEN", "secret-value");
    for authority in [Some(("VESTIBULE_AUTHORITY", other.as_str())), None] {
        let settings: Vec<_> =
            [("VESTIBULE_ENRICHMENT_URL", url.as_str()), token].into_iter().chain(authority).collect();
        let mut function = started(&settings).await;
        assert_eq!(function.invoke(event::tokens()).await.error().0, "Unavailable");
        assert!(!function.end().contains("secret-value"));
    }
    assert!(service.got().is_empty());
}

/// Amazon Linux 2023, which `provided.al2023` is made of, has glibc 2.34.
#[cfg(all(target_os = "linux", target_env = "gnu"))]
#[test]
fn it_needs_no_newer_glibc_than_lambda_has() {
    let program = std::fs::read(PROGRAM).unwrap();
    let versions: Vec<u32> = program
        .windows(8)
        .enumerate()
        .filter(|(_, window)| window == b"GLIBC_2.")
        .filter_map(|(at, _)| {
            let digits = program[at + 8..].iter().take_while(|byte| byte.is_ascii_digit());
            std::str::from_utf8(&digits.copied().collect::<Vec<u8>>()).unwrap().parse().ok()
        })
        .collect();
    let newest = versions.iter().max().expect("a program that is linked to glibc");
    assert!(*newest <= 34, "it needs glibc 2.{newest}: build where glibc is 2.34 or older, or link it statically");
}
