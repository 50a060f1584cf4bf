//! Which crate may use which. The one place to change when a crate is added or an import is allowed.

/// One crate of the workspace and what it may name in `[dependencies]`.
pub(super) struct Layer {
    pub(super) package: &'static str,
    pub(super) kind: Kind,
    /// The crates of this workspace that it may use.
    pub(super) may_use: &'static [&'static str],
}

/// What sort of crate it is, hence which general rule holds for it.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Kind {
    /// Decides from data alone: links nothing that does input or output, over any number of steps.
    Pure,
    /// A port, an adapter or shared machinery.
    Library,
    /// One of the services: no other service, not even in its tests.
    Service,
    /// A program that puts others together, or that only developers run.
    Program,
}

/// What every service stands on.
const SERVICE: &[&str] = &[
    "vestibule-kernel",
    "vestibule-decider",
    "vestibule-tenancy",
    "vestibule-saml",
    "vestibule-second-opinion-protocol",
    "vestibule-oidc",
    "vestibule-scim",
    "vestibule-cognito",
    "vestibule-cognito-verifier",
    "vestibule-storage",
    "vestibule-eventlog",
    "vestibule-rpc",
    "vestibule-claims",
    "vestibule-settings",
    "vestibule-host",
];

/// The registry also tells what is published, to those who have no bus.
const REGISTRY: &[&str] = &[
    "vestibule-kernel",
    "vestibule-decider",
    "vestibule-tenancy",
    "vestibule-saml",
    "vestibule-scim",
    "vestibule-cognito",
    "vestibule-storage",
    "vestibule-eventlog",
    "vestibule-bus",
    "vestibule-rpc",
    "vestibule-claims",
    "vestibule-settings",
    "vestibule-host",
    "vestibule-fetch",
];

/// What a store adapter implements.
const STORE: &[&str] = &["vestibule-kernel", "vestibule-decider", "vestibule-storage", "vestibule-eventlog"];

/// Every crate of the workspace, lowest first.
pub(super) const LAYERS: &[Layer] = &[
    pure("vestibule-kernel", &[]),
    pure("vestibule-decider", &["vestibule-kernel"]),
    pure("vestibule-cognito", &["vestibule-kernel"]),
    pure("vestibule-tenancy", &["vestibule-kernel", "vestibule-decider", "vestibule-cognito"]),
    pure("vestibule-saml", &["vestibule-kernel"]),
    pure("vestibule-second-opinion-protocol", &[]),
    pure("vestibule-oidc", &["vestibule-kernel"]),
    pure("vestibule-scim", &[]),
    library("vestibule-cognito-verifier", &[]),
    library("vestibule-storage", &["vestibule-kernel"]),
    library("vestibule-eventlog", &["vestibule-kernel", "vestibule-decider", "vestibule-storage"]),
    library("vestibule-saml-idp", &["vestibule-kernel"]),
    library("vestibule-eventlog-contract", STORE),
    library("vestibule-eventlog-sqlite", STORE),
    library("vestibule-eventlog-postgres", STORE),
    library("vestibule-bus", &["vestibule-kernel", "vestibule-decider", "vestibule-tenancy", "vestibule-eventlog"]),
    library("vestibule-consumer", &[]),
    library("vestibule-fetch", &["vestibule-kernel"]),
    library("vestibule-bus-nats", &["vestibule-bus", "vestibule-consumer"]),
    library("vestibule-rpc", &["vestibule-kernel"]),
    library("vestibule-settings", &["vestibule-kernel", "vestibule-tenancy", "vestibule-rpc"]),
    library("vestibule-claims", &["vestibule-kernel", "vestibule-tenancy", "vestibule-eventlog", "vestibule-rpc"]),
    library(
        "vestibule-host",
        &[
            "vestibule-kernel",
            "vestibule-storage",
            "vestibule-eventlog",
            "vestibule-eventlog-sqlite",
            "vestibule-eventlog-postgres",
            "vestibule-rpc",
        ],
    ),
    library("vestibule-lambda", &["vestibule-kernel"]),
    library("vestibule-lambda-simulator", &["vestibule-kernel"]),
    library("vestibule-sandbox", &["vestibule-kernel", "vestibule-cognito", "vestibule-rpc", "vestibule-saml-idp"]),
    library(
        "vestibule-manual",
        &[
            "vestibule-kernel",
            "vestibule-decider",
            "vestibule-tenancy",
            "vestibule-saml",
            "vestibule-oidc",
            "vestibule-cognito",
            "vestibule-storage",
            "vestibule-eventlog",
            "vestibule-eventlog-contract",
            "vestibule-eventlog-sqlite",
            "vestibule-eventlog-postgres",
            "vestibule-rpc",
            "vestibule-host",
            "vestibule-bus",
            "vestibule-consumer",
            "vestibule-fetch",
            "vestibule-sandbox",
        ],
    ),
    service("vestibule-registry-service", REGISTRY),
    service("vestibule-routing-service", SERVICE),
    service("vestibule-saml-service", SERVICE),
    service("vestibule-enrichment-service", SERVICE),
    service("vestibule-gateway-service", SERVICE),
    service("vestibule-scim-service", SERVICE),
    service("vestibule-trigger", &["vestibule-kernel", "vestibule-lambda", "vestibule-rpc"]),
    service(
        "vestibule-provisioner",
        &[
            "vestibule-kernel",
            "vestibule-rpc",
            "vestibule-scim",
            "vestibule-host",
            "vestibule-consumer",
            "vestibule-bus-nats",
        ],
    ),
    service("vestibule-authorizer", &["vestibule-cognito-verifier", "vestibule-kernel", "vestibule-lambda"]),
    program(
        "vestibule",
        &[
            "vestibule-kernel",
            "vestibule-storage",
            "vestibule-eventlog",
            "vestibule-bus",
            "vestibule-bus-nats",
            "vestibule-rpc",
            "vestibule-host",
            "vestibule-sandbox",
            "vestibule-registry-service",
            "vestibule-routing-service",
            "vestibule-saml-service",
            "vestibule-enrichment-service",
            "vestibule-gateway-service",
            "vestibule-scim-service",
        ],
    ),
    program("vestibule-tests", &["vestibule-kernel", "vestibule-rpc", "vestibule-sandbox"]),
    program("xtask", &[]),
];

/// Packages of others that only these crates may name, so that each has one place where it can be replaced.
pub(super) const HELD_BY: &[(&str, &[&str])] = &[
    ("sqlx", &["vestibule-eventlog-postgres", "vestibule-eventlog-sqlite"]),
    ("async-nats", &["vestibule-bus-nats"]),
    ("bergshamra", &["vestibule-saml", "vestibule-saml-idp"]),
    ("uppsala", &["vestibule-saml", "vestibule-saml-idp"]),
    ("jsonwebtoken", &["vestibule-oidc", "vestibule-cognito-verifier", "vestibule-sandbox"]),
    ("figment", &["vestibule-host"]),
    ("opentelemetry-otlp", &["vestibule-host"]),
    (
        "reqwest",
        &[
            "vestibule-cognito-verifier",
            "vestibule-fetch",
            "vestibule-sandbox",
            "vestibule-provisioner",
            "vestibule-tests",
        ],
    ),
    ("anyhow", &["vestibule", "vestibule-tests", "xtask"]),
    ("lambda_runtime", &["vestibule-lambda"]),
];

/// Packages that do input or output, or bring a runtime that does: a pure crate links none of them.
pub(super) const IMPURE: &[&str] = &[
    "async-nats",
    "axum",
    "futures-executor",
    "hickory-resolver",
    "hyper",
    "hyper-util",
    "mio",
    "openssl",
    "opentelemetry_sdk",
    "reqwest",
    "rustls",
    "socket2",
    "sqlx",
    "sqlx-core",
    "tokio",
    "tokio-rustls",
    "tonic",
    "tower",
    "tracing-subscriber",
];

const fn pure(package: &'static str, may_use: &'static [&'static str]) -> Layer {
    Layer { package, kind: Kind::Pure, may_use }
}

const fn library(package: &'static str, may_use: &'static [&'static str]) -> Layer {
    Layer { package, kind: Kind::Library, may_use }
}

const fn service(package: &'static str, may_use: &'static [&'static str]) -> Layer {
    Layer { package, kind: Kind::Service, may_use }
}

const fn program(package: &'static str, may_use: &'static [&'static str]) -> Layer {
    Layer { package, kind: Kind::Program, may_use }
}
