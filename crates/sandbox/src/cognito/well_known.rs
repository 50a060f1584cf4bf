use std::sync::Arc;

use axum::{
    Json,
    extract::{Path, State},
    http::StatusCode,
};
use serde_json::{Value, json};

use super::pool::Pool;

/// The pool's JWK set, with both keys.
pub(super) async fn jwks(
    State(pool): State<Arc<Pool>>,
    Path(pool_id): Path<String>,
) -> Result<Json<Value>, StatusCode> {
    if pool_id == pool.config.pool_id { Ok(Json(pool.keys.jwks())) } else { Err(StatusCode::NOT_FOUND) }
}

/// The pool's discovery document.
pub(super) async fn discovery(
    State(pool): State<Arc<Pool>>,
    Path(pool_id): Path<String>,
) -> Result<Json<Value>, StatusCode> {
    if pool_id != pool.config.pool_id {
        return Err(StatusCode::NOT_FOUND);
    }
    let (domain, issuer) = (&pool.config.domain_url, pool.config.issuer());
    Ok(Json(json!({
        "issuer": issuer,
        "authorization_endpoint": format!("{domain}/oauth2/authorize"),
        "token_endpoint": format!("{domain}/oauth2/token"),
        "end_session_endpoint": format!("{domain}/logout"),
        "jwks_uri": format!("{issuer}/.well-known/jwks.json"),
        "response_types_supported": ["code"],
        "subject_types_supported": ["public"],
        "id_token_signing_alg_values_supported": ["RS256"],
        "scopes_supported": ["openid", "email", "phone", "profile"],
        "token_endpoint_auth_methods_supported": ["client_secret_basic", "client_secret_post"],
    })))
}
