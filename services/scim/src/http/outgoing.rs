use std::sync::Arc;

use axum::{
    body::{Body, Bytes, to_bytes},
    extract::Request,
    http::header,
    middleware::Next,
    response::{IntoResponse, Response},
};
use futures_util::stream;
use tokio::time::timeout;

use super::request::Asked;
use crate::{
    admission::Place,
    failure::Failure,
    limit::{ANSWER_PART_BYTES, REQUEST_TIMEOUT},
};

/// The place that the request of an answer has.
#[derive(Clone)]
struct Kept(#[expect(dead_code, reason = "held, and given back by being dropped")] Arc<Place>);

/// Lets an answer keep the place of its request: whoever does not read what they asked for has one place less to ask for more.
pub(super) fn kept_place(mut response: Response, asked: &Asked) -> Response {
    response.extensions_mut().insert(Kept(asked.place()));
    response
}

/// Answers in time, and hands large answers to the network bit by bit.
pub(super) async fn bounded(request: Request, next: Next) -> Response {
    let Ok(mut response) = timeout(REQUEST_TIMEOUT, next.run(request)).await else {
        return Failure::Busy.into_response();
    };
    let Some(kept) = response.extensions_mut().remove::<Kept>() else { return response };
    let (mut parts, body) = response.into_parts();
    // It is in memory: the registry gives no larger answer.
    let Ok(bytes) = to_bytes(body, usize::MAX).await else { return Failure::OffContract.into_response() };
    if bytes.len() <= ANSWER_PART_BYTES {
        return Response::from_parts(parts, Body::from(bytes));
    }
    parts.headers.insert(header::CONTENT_LENGTH, bytes.len().into());
    let parts_of = stream::unfold((bytes, kept), async |(mut left, kept)| {
        if left.is_empty() {
            return None;
        }
        let part: Bytes = left.split_to(left.len().min(ANSWER_PART_BYTES));
        Some((Ok::<_, std::convert::Infallible>(part), (left, kept)))
    });
    Response::from_parts(parts, Body::from_stream(parts_of))
}
