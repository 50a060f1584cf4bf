//! Amazon Cognito's vocabulary: authorize URLs, trigger events, quotas, naming rules.
