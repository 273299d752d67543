-- The schema after all migrations, as PostgreSQL sees it. Generated; do not edit.

CREATE TABLE db_migration (
    id text COLLATE "C" NOT NULL,
    checksum text COLLATE "C" NOT NULL,
    applied_at bigint NOT NULL,
    PRIMARY KEY (id)
);

CREATE TABLE db_lock (
    name text COLLATE "C" NOT NULL,
    owner text COLLATE "C" NOT NULL,
    expires_at bigint NOT NULL,
    PRIMARY KEY (name)
);

CREATE TABLE db_commit (
    id text COLLATE "C" NOT NULL,
    kind text COLLATE "C" NOT NULL,
    at bigint NOT NULL,
    PRIMARY KEY (id)
);

CREATE TABLE data_key (
    scope text COLLATE "C" NOT NULL,
    key_id bigint NOT NULL,
    kek_id text COLLATE "C" NOT NULL,
    wrapped bytea NOT NULL,
    created_at bigint NOT NULL,
    active boolean NOT NULL,
    PRIMARY KEY (scope, key_id)
);

CREATE TABLE keyring_kek (
    name text COLLATE "C" NOT NULL,
    kek_id text COLLATE "C" NOT NULL,
    since bigint NOT NULL,
    holds bigint NOT NULL,
    PRIMARY KEY (name)
);

CREATE TABLE job_lease (
    name text COLLATE "C" NOT NULL,
    owner text COLLATE "C" NOT NULL,
    expires_at bigint NOT NULL,
    due_at bigint NOT NULL,
    PRIMARY KEY (name)
);

CREATE TABLE iam_root_key (
    account text COLLATE "C" NOT NULL,
    access_key_id text COLLATE "C" NOT NULL,
    secret bytea NOT NULL,
    created_at bigint NOT NULL,
    PRIMARY KEY (account)
);

CREATE TABLE iam_entity (
    account text COLLATE "C" NOT NULL,
    kind text COLLATE "C" NOT NULL,
    name_key text COLLATE "C" NOT NULL,
    config text COLLATE "C" NOT NULL,
    PRIMARY KEY (account, kind, name_key)
);

CREATE TABLE iam_link (
    account text COLLATE "C" NOT NULL,
    target text COLLATE "C" NOT NULL,
    kind text COLLATE "C" NOT NULL,
    name_key text COLLATE "C" NOT NULL,
    PRIMARY KEY (account, target, kind, name_key)
);

CREATE TABLE iam_access_key (
    account text COLLATE "C" NOT NULL,
    access_key_id text COLLATE "C" NOT NULL,
    user_key text COLLATE "C" NOT NULL,
    user_id text COLLATE "C" NOT NULL,
    secret bytea NOT NULL,
    status text COLLATE "C" NOT NULL,
    created_at bigint NOT NULL,
    PRIMARY KEY (account, access_key_id)
);

CREATE TABLE iam_last_use (
    account text COLLATE "C" NOT NULL,
    id text COLLATE "C" NOT NULL,
    used_at bigint NOT NULL,
    service text COLLATE "C" NOT NULL,
    region text COLLATE "C" NOT NULL,
    PRIMARY KEY (account, id)
);

CREATE TABLE iam_change (
    account text COLLATE "C" NOT NULL,
    version bigint NOT NULL,
    PRIMARY KEY (account)
);

CREATE TABLE iam_mfa_guess (
    account text COLLATE "C" NOT NULL,
    name_key text COLLATE "C" NOT NULL,
    tries bigint NOT NULL,
    since bigint NOT NULL,
    step bigint NOT NULL,
    PRIMARY KEY (account, name_key)
);

CREATE TABLE kms_key (
    id text COLLATE "C" NOT NULL,
    description text COLLATE "C" NOT NULL,
    enabled boolean NOT NULL,
    created_at bigint NOT NULL,
    material bytea NOT NULL,
    PRIMARY KEY (id)
);

CREATE TABLE kms_alias (
    name text COLLATE "C" NOT NULL,
    key_id text COLLATE "C" NOT NULL,
    PRIMARY KEY (name)
);

CREATE TABLE user_pool (
    pool_id text COLLATE "C" NOT NULL,
    version bigint NOT NULL,
    deleted bigint NOT NULL,
    config text COLLATE "C" NOT NULL,
    mfa text COLLATE "C" NOT NULL,
    sessions text COLLATE "C" NOT NULL DEFAULT '',
    domain text COLLATE "C" NOT NULL DEFAULT '',
    custom_domain text COLLATE "C" NOT NULL DEFAULT '',
    PRIMARY KEY (pool_id)
);
CREATE INDEX user_pool_deleted ON user_pool (deleted, pool_id);

CREATE TABLE app_client (
    client_id text COLLATE "C" NOT NULL,
    pool_id text COLLATE "C" NOT NULL,
    version bigint NOT NULL,
    config text COLLATE "C" NOT NULL,
    secrets bytea NOT NULL,
    sso_minutes bigint NOT NULL DEFAULT 60,
    registered bigint NOT NULL DEFAULT 0,
    PRIMARY KEY (client_id)
);
CREATE INDEX app_client_pool ON app_client (pool_id, client_id);

CREATE TABLE pool_change (
    name text COLLATE "C" NOT NULL,
    version bigint NOT NULL,
    PRIMARY KEY (name)
);

CREATE TABLE resource_server (
    pool_id text COLLATE "C" NOT NULL,
    identifier text COLLATE "C" NOT NULL,
    config text COLLATE "C" NOT NULL,
    PRIMARY KEY (pool_id, identifier)
);

CREATE TABLE pool_domain (
    domain text COLLATE "C" NOT NULL,
    pool_id text COLLATE "C" NOT NULL,
    PRIMARY KEY (domain)
);
CREATE INDEX pool_domain_pool ON pool_domain (pool_id, domain);

CREATE TABLE one_time_code (
    pool_id text COLLATE "C" NOT NULL,
    sub text COLLATE "C" NOT NULL,
    kind text COLLATE "C" NOT NULL,
    hash bytea NOT NULL,
    destination bytea NOT NULL,
    attempts bigint NOT NULL,
    created_at bigint NOT NULL,
    expires_at bigint NOT NULL,
    known_attempts bigint NOT NULL DEFAULT 0,
    PRIMARY KEY (pool_id, sub, kind)
);
CREATE INDEX one_time_code_expiry ON one_time_code (expires_at);

CREATE TABLE code_limit (
    pool_id text COLLATE "C" NOT NULL,
    id text COLLATE "C" NOT NULL,
    uses bytea NOT NULL,
    version bigint NOT NULL,
    expires_at bigint NOT NULL,
    PRIMARY KEY (pool_id, id)
);
CREATE INDEX code_limit_expiry ON code_limit (expires_at);

CREATE TABLE code_failure (
    pool_id text COLLATE "C" NOT NULL,
    sub text COLLATE "C" NOT NULL,
    failures bigint NOT NULL,
    last_at bigint NOT NULL,
    locked_until bigint NOT NULL,
    PRIMARY KEY (pool_id, sub)
);
CREATE INDEX code_failure_last ON code_failure (last_at);

CREATE TABLE spent_session (
    pool_id text COLLATE "C" NOT NULL,
    id text COLLATE "C" NOT NULL,
    tries bigint NOT NULL,
    expires_at bigint NOT NULL,
    PRIMARY KEY (pool_id, id)
);
CREATE INDEX spent_session_expiry ON spent_session (expires_at);

CREATE TABLE token_session (
    pool_id text COLLATE "C" NOT NULL,
    sub text COLLATE "C" NOT NULL,
    event_id text COLLATE "C" NOT NULL,
    id text COLLATE "C" NOT NULL,
    origin_jti text COLLATE "C" NOT NULL,
    client_id text COLLATE "C" NOT NULL,
    device_key text COLLATE "C" NOT NULL,
    scope text COLLATE "C" NOT NULL,
    amr text COLLATE "C" NOT NULL,
    acr text COLLATE "C" NOT NULL,
    auth_time bigint NOT NULL,
    parent text COLLATE "C" NOT NULL,
    ip text COLLATE "C" NOT NULL,
    user_agent text COLLATE "C" NOT NULL,
    created_at bigint NOT NULL,
    last_active_at bigint NOT NULL,
    expires_at bigint NOT NULL,
    generation bigint NOT NULL,
    rotated_at bigint NOT NULL,
    seed_hash bytea NOT NULL,
    epoch bigint NOT NULL DEFAULT -1,
    resource text COLLATE "C" NOT NULL DEFAULT '',
    document_url text COLLATE "C" NOT NULL DEFAULT '',
    PRIMARY KEY (pool_id, sub, event_id)
);
CREATE INDEX token_session_expiry ON token_session (expires_at);

CREATE TABLE signing_key (
    pool_id text COLLATE "C" NOT NULL,
    kid text COLLATE "C" NOT NULL,
    purpose text COLLATE "C" NOT NULL,
    private bytea NOT NULL,
    active_from bigint NOT NULL,
    expires_at bigint NOT NULL,
    PRIMARY KEY (pool_id, kid)
);
CREATE INDEX signing_key_expiry ON signing_key (expires_at);

CREATE TABLE token_user (
    pool_id text COLLATE "C" NOT NULL,
    sub text COLLATE "C" NOT NULL,
    opened bigint NOT NULL,
    PRIMARY KEY (pool_id, sub)
);

CREATE TABLE sso_session (
    pool_id text COLLATE "C" NOT NULL,
    sub text COLLATE "C" NOT NULL,
    id text COLLATE "C" NOT NULL,
    client_id text COLLATE "C" NOT NULL,
    amr text COLLATE "C" NOT NULL,
    acr text COLLATE "C" NOT NULL,
    auth_time bigint NOT NULL,
    ip text COLLATE "C" NOT NULL,
    user_agent text COLLATE "C" NOT NULL,
    created_at bigint NOT NULL,
    last_active_at bigint NOT NULL,
    expires_at bigint NOT NULL,
    epoch bigint NOT NULL DEFAULT -1,
    device_key text COLLATE "C" NOT NULL DEFAULT '',
    PRIMARY KEY (pool_id, sub, id)
);
CREATE INDEX sso_session_expiry ON sso_session (expires_at);

CREATE TABLE message_outbox (
    pool_id text COLLATE "C" NOT NULL,
    id text COLLATE "C" NOT NULL,
    due bigint NOT NULL,
    tries bigint NOT NULL,
    version bigint NOT NULL,
    sealed bytea NOT NULL,
    lane text COLLATE "C" NOT NULL DEFAULT '',
    queued_at bigint NOT NULL DEFAULT 0,
    expires_at bigint NOT NULL DEFAULT 0,
    PRIMARY KEY (pool_id, id)
);
CREATE INDEX message_outbox_due ON message_outbox (due);
CREATE INDEX message_outbox_lane ON message_outbox (lane, due);
CREATE INDEX message_outbox_age ON message_outbox (pool_id, queued_at, expires_at);

CREATE TABLE message_inbox (
    pool_id text COLLATE "C" NOT NULL,
    id text COLLATE "C" NOT NULL,
    sealed bytea NOT NULL,
    PRIMARY KEY (pool_id, id)
);
CREATE INDEX message_inbox_id ON message_inbox (id);

CREATE TABLE directory_user (
    pool_id text COLLATE "C" NOT NULL,
    sub text COLLATE "C" NOT NULL,
    username text COLLATE "C" NOT NULL,
    status text COLLATE "C" NOT NULL,
    enabled boolean NOT NULL,
    version bigint NOT NULL,
    created_at bigint NOT NULL,
    modified_at bigint NOT NULL,
    attributes text COLLATE "C" NOT NULL,
    pending text COLLATE "C" NOT NULL,
    mfa text COLLATE "C" NOT NULL,
    credential bytea NOT NULL,
    epoch bigint NOT NULL DEFAULT 0,
    PRIMARY KEY (pool_id, sub)
);

CREATE TABLE user_alias (
    pool_id text COLLATE "C" NOT NULL,
    value text COLLATE "C" NOT NULL,
    kind text COLLATE "C" NOT NULL,
    sub text COLLATE "C" NOT NULL,
    PRIMARY KEY (pool_id, value, kind)
);

CREATE TABLE user_search (
    pool_id text COLLATE "C" NOT NULL,
    attribute text COLLATE "C" NOT NULL,
    value text COLLATE "C" NOT NULL,
    sub text COLLATE "C" NOT NULL,
    PRIMARY KEY (pool_id, attribute, value, sub)
);

CREATE TABLE user_group (
    pool_id text COLLATE "C" NOT NULL,
    name text COLLATE "C" NOT NULL,
    id text COLLATE "C" NOT NULL,
    description text COLLATE "C" NOT NULL,
    role_arn text COLLATE "C" NOT NULL,
    precedence bigint NOT NULL,
    created_at bigint NOT NULL,
    modified_at bigint NOT NULL,
    PRIMARY KEY (pool_id, name)
);

CREATE TABLE group_member (
    pool_id text COLLATE "C" NOT NULL,
    sub text COLLATE "C" NOT NULL,
    group_name text COLLATE "C" NOT NULL,
    group_id text COLLATE "C" NOT NULL,
    PRIMARY KEY (pool_id, sub, group_name, group_id)
);

CREATE TABLE group_user (
    pool_id text COLLATE "C" NOT NULL,
    group_id text COLLATE "C" NOT NULL,
    sub text COLLATE "C" NOT NULL,
    group_name text COLLATE "C" NOT NULL,
    PRIMARY KEY (pool_id, group_id, sub)
);

CREATE TABLE group_purge (
    pool_id text COLLATE "C" NOT NULL,
    group_id text COLLATE "C" NOT NULL,
    PRIMARY KEY (pool_id, group_id)
);

CREATE TABLE device (
    pool_id text COLLATE "C" NOT NULL,
    sub text COLLATE "C" NOT NULL,
    device_key text COLLATE "C" NOT NULL,
    group_key text COLLATE "C" NOT NULL,
    name text COLLATE "C" NOT NULL,
    status text COLLATE "C" NOT NULL,
    verifier bytea NOT NULL,
    ip text COLLATE "C" NOT NULL,
    created_at bigint NOT NULL,
    modified_at bigint NOT NULL,
    authenticated_at bigint NOT NULL,
    PRIMARY KEY (pool_id, sub, device_key)
);

CREATE TABLE factor_totp (
    pool_id text COLLATE "C" NOT NULL,
    sub text COLLATE "C" NOT NULL,
    seed bytea NOT NULL,
    name text COLLATE "C" NOT NULL,
    step bigint NOT NULL,
    pending bytea NOT NULL,
    created_at bigint NOT NULL,
    PRIMARY KEY (pool_id, sub)
);

CREATE TABLE factor_failure (
    pool_id text COLLATE "C" NOT NULL,
    sub text COLLATE "C" NOT NULL,
    failures bigint NOT NULL,
    last_at bigint NOT NULL,
    locked_until bigint NOT NULL,
    PRIMARY KEY (pool_id, sub)
);
CREATE INDEX factor_failure_last ON factor_failure (last_at);

CREATE TABLE factor_passkey (
    pool_id text COLLATE "C" NOT NULL,
    sub text COLLATE "C" NOT NULL,
    id text COLLATE "C" NOT NULL,
    rp_id text COLLATE "C" NOT NULL,
    record bytea NOT NULL,
    counter bigint NOT NULL,
    last_challenge text COLLATE "C" NOT NULL,
    created_at bigint NOT NULL,
    used_at bigint NOT NULL,
    PRIMARY KEY (pool_id, sub, id)
);

CREATE TABLE factor_passkey_owner (
    pool_id text COLLATE "C" NOT NULL,
    id text COLLATE "C" NOT NULL,
    sub text COLLATE "C" NOT NULL,
    PRIMARY KEY (pool_id, id)
);

CREATE TABLE factor_ceremony (
    pool_id text COLLATE "C" NOT NULL,
    sub text COLLATE "C" NOT NULL,
    challenge text COLLATE "C" NOT NULL,
    client_id text COLLATE "C" NOT NULL,
    rp_id text COLLATE "C" NOT NULL,
    verification text COLLATE "C" NOT NULL,
    expires_at bigint NOT NULL,
    PRIMARY KEY (pool_id, sub)
);
CREATE INDEX factor_ceremony_expiry ON factor_ceremony (expires_at);

CREATE TABLE factor_recovery (
    pool_id text COLLATE "C" NOT NULL,
    sub text COLLATE "C" NOT NULL,
    hashes bytea NOT NULL,
    created_at bigint NOT NULL,
    PRIMARY KEY (pool_id, sub)
);

CREATE TABLE signin_failure (
    pool_id text COLLATE "C" NOT NULL,
    account text COLLATE "C" NOT NULL,
    failures bigint NOT NULL,
    last_at bigint NOT NULL,
    locked_until bigint NOT NULL,
    PRIMARY KEY (pool_id, account)
);
CREATE INDEX signin_failure_last ON signin_failure (last_at);

CREATE TABLE signin_custom (
    pool_id text COLLATE "C" NOT NULL,
    session_id text COLLATE "C" NOT NULL,
    state bytea NOT NULL,
    expires_at bigint NOT NULL,
    account text COLLATE "C" NOT NULL DEFAULT '',
    PRIMARY KEY (pool_id, session_id)
);
CREATE INDEX signin_custom_expires ON signin_custom (expires_at);
CREATE INDEX signin_custom_account ON signin_custom (pool_id, account);

CREATE TABLE signin_device (
    pool_id text COLLATE "C" NOT NULL,
    account text COLLATE "C" NOT NULL,
    session_id text COLLATE "C" NOT NULL,
    wait_key text COLLATE "C" NOT NULL,
    session text COLLATE "C" NOT NULL,
    expires_at bigint NOT NULL,
    PRIMARY KEY (pool_id, account, session_id)
);
CREATE INDEX signin_device_expires ON signin_device (expires_at);

CREATE TABLE signin_answer (
    pool_id text COLLATE "C" NOT NULL,
    account text COLLATE "C" NOT NULL,
    failures bigint NOT NULL,
    last_at bigint NOT NULL,
    locked_until bigint NOT NULL,
    PRIMARY KEY (pool_id, account)
);
CREATE INDEX signin_answer_last ON signin_answer (last_at);

CREATE TABLE guard_source (
    pool_id text COLLATE "C" NOT NULL,
    sub text COLLATE "C" NOT NULL,
    id text COLLATE "C" NOT NULL,
    proven_at bigint NOT NULL,
    PRIMARY KEY (pool_id, sub, id)
);
CREATE INDEX guard_source_proven ON guard_source (proven_at);

CREATE TABLE limit_budget (
    id text COLLATE "C" NOT NULL,
    full_at bigint NOT NULL,
    PRIMARY KEY (id)
);
CREATE INDEX limit_budget_full ON limit_budget (full_at);

CREATE TABLE audit_event (
    about_pool text COLLATE "C" NOT NULL,
    at bigint NOT NULL,
    id text COLLATE "C" NOT NULL,
    service text COLLATE "C" NOT NULL,
    operation text COLLATE "C" NOT NULL,
    request_id text COLLATE "C" NOT NULL,
    principal text COLLATE "C" NOT NULL,
    access_key_id text COLLATE "C" NOT NULL,
    source text COLLATE "C" NOT NULL,
    region text COLLATE "C" NOT NULL,
    about_name text COLLATE "C" NOT NULL,
    about_sub text COLLATE "C" NOT NULL,
    target text COLLATE "C" NOT NULL,
    outcome text COLLATE "C" NOT NULL,
    PRIMARY KEY (about_pool, at, id)
);
CREATE INDEX audit_event_at ON audit_event (at, id);

CREATE TABLE authorization_code (
    pool_id text COLLATE "C" NOT NULL,
    hash bytea NOT NULL,
    sub text COLLATE "C" NOT NULL,
    client_id text COLLATE "C" NOT NULL,
    grant_data bytea NOT NULL,
    event_id text COLLATE "C" NOT NULL,
    expires_at bigint NOT NULL,
    PRIMARY KEY (pool_id, hash)
);
CREATE INDEX authorization_code_user ON authorization_code (pool_id, sub);
CREATE INDEX authorization_code_expiry ON authorization_code (expires_at);

CREATE TABLE branding_style (
    pool_id text COLLATE "C" NOT NULL,
    client_id text COLLATE "C" NOT NULL,
    style_id text COLLATE "C" NOT NULL,
    provided boolean NOT NULL,
    settings text COLLATE "C" NOT NULL,
    created_at bigint NOT NULL,
    modified_at bigint NOT NULL,
    PRIMARY KEY (pool_id, client_id)
);
CREATE INDEX branding_style_id ON branding_style (pool_id, style_id);

CREATE TABLE branding_asset (
    pool_id text COLLATE "C" NOT NULL,
    owner text COLLATE "C" NOT NULL,
    slot text COLLATE "C" NOT NULL,
    place bigint NOT NULL,
    extension text COLLATE "C" NOT NULL,
    hash text COLLATE "C" NOT NULL,
    content bytea NOT NULL,
    PRIMARY KEY (pool_id, owner, slot)
);
CREATE INDEX branding_asset_hash ON branding_asset (pool_id, hash);

CREATE TABLE ui_customization (
    pool_id text COLLATE "C" NOT NULL,
    client_id text COLLATE "C" NOT NULL,
    css text COLLATE "C" NOT NULL,
    css_version text COLLATE "C" NOT NULL,
    created_at bigint NOT NULL,
    modified_at bigint NOT NULL,
    PRIMARY KEY (pool_id, client_id)
);

CREATE TABLE client_terms (
    pool_id text COLLATE "C" NOT NULL,
    client_id text COLLATE "C" NOT NULL,
    name text COLLATE "C" NOT NULL,
    terms_id text COLLATE "C" NOT NULL,
    config text COLLATE "C" NOT NULL,
    PRIMARY KEY (pool_id, client_id, name)
);
CREATE INDEX client_terms_id ON client_terms (pool_id, terms_id);

CREATE TABLE cimd_policy (
    pool_id text COLLATE "C" NOT NULL,
    policy_id text COLLATE "C" NOT NULL,
    config text COLLATE "C" NOT NULL,
    PRIMARY KEY (pool_id, policy_id)
);

CREATE TABLE client_document (
    pool_id text COLLATE "C" NOT NULL,
    policy_id text COLLATE "C" NOT NULL,
    url text COLLATE "C" NOT NULL,
    body bytea NOT NULL,
    fetched_at bigint NOT NULL,
    expires_at bigint NOT NULL,
    PRIMARY KEY (pool_id, policy_id, url)
);
CREATE INDEX client_document_expiry ON client_document (expires_at);
