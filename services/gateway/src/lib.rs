//! The HTTP edge: OpenID provider towards Cognito, assertion consumer service, pages.
