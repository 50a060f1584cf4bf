use futures_util::{Stream, stream};

use crate::{Cursor, EventLog, Filter, Page, ReadError, tail::Tail};

impl EventLog {
    /// Everything behind `from`, page by page, and then whatever comes, for ever. The stream ends after an error; go on
    /// with the `next` of the last page.
    ///
    /// A page without events says that the cursor has moved over events that the filter leaves out, or, as the first
    /// page, that there is nothing to catch up with.
    pub fn follow(&self, from: Cursor, filter: Filter) -> impl Stream<Item = Result<Page, ReadError>> + Send + use<> {
        let following = Following { tail: Tail::new(self.clone(), filter, from), seen: None };
        stream::unfold(Some(following), |following| async {
            let mut following = following?;
            match following.next().await {
                Ok(page) => Some((Ok(page), Some(following))),
                Err(error) => Some((Err(error), None)),
            }
        })
    }
}

struct Following {
    tail: Tail,
    seen: Option<Cursor>,
}

impl Following {
    async fn next(&mut self) -> Result<Page, ReadError> {
        loop {
            let page = self.tail.next().await?;
            if self.seen.replace(page.next) != Some(page.next) {
                return Ok(page);
            }
        }
    }
}
