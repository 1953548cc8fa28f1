-- 1: vault

PRAGMA application_id = 1413563209;

CREATE TABLE schema_migration (
    version INTEGER NOT NULL PRIMARY KEY,
    name TEXT NOT NULL
) STRICT;

CREATE TABLE record_kind (
    kind TEXT NOT NULL PRIMARY KEY
) STRICT, WITHOUT ROWID;

INSERT INTO record_kind (kind) VALUES ('vault'), ('slot'), ('organization'), ('project'), ('environment'), ('secret'), ('policy'), ('agent');

CREATE TABLE record (
    organization BLOB NOT NULL CHECK (length(organization) = 16),
    kind TEXT NOT NULL REFERENCES record_kind (kind),
    id BLOB NOT NULL CHECK (length(id) = 16),
    parent BLOB CHECK (length(parent) = 16 AND parent <> id),
    lookup BLOB CHECK (length(lookup) = 32),
    revision INTEGER NOT NULL CHECK (revision >= 1),
    content BLOB NOT NULL,
    mac BLOB NOT NULL CHECK (length(mac) = 32),
    PRIMARY KEY (organization, id),
    UNIQUE (organization, kind, lookup),
    FOREIGN KEY (organization, parent) REFERENCES record (organization, id)
) STRICT;

CREATE INDEX record_in_parent ON record (organization, parent, kind, id);

CREATE INDEX record_of_kind ON record (organization, kind, id);

CREATE TRIGGER record_identity BEFORE UPDATE ON record
WHEN NEW.organization <> OLD.organization OR NEW.kind <> OLD.kind OR NEW.id <> OLD.id OR NEW.parent IS DISTINCT FROM OLD.parent
BEGIN SELECT RAISE(ABORT, 'the identity of a record does not change'); END;

CREATE TRIGGER record_revision BEFORE UPDATE ON record
WHEN NEW.revision <> OLD.revision + 1
BEGIN SELECT RAISE(ABORT, 'the revision of a record grows by one'); END;

CREATE TABLE key (
    organization BLOB NOT NULL,
    owner BLOB NOT NULL,
    generation INTEGER NOT NULL CHECK (generation >= 1),
    wrapping INTEGER NOT NULL CHECK (wrapping >= 1),
    wrapped BLOB NOT NULL CHECK (length(wrapped) > 0),
    PRIMARY KEY (organization, owner, generation, wrapping),
    FOREIGN KEY (organization, owner) REFERENCES record (organization, id)
) STRICT, WITHOUT ROWID;

CREATE TRIGGER key_no_update BEFORE UPDATE ON key
BEGIN SELECT RAISE(ABORT, 'a row of key does not change'); END;

CREATE TABLE version (
    organization BLOB NOT NULL,
    secret BLOB NOT NULL,
    number INTEGER NOT NULL CHECK (number >= 1),
    created_at INTEGER NOT NULL,
    PRIMARY KEY (organization, secret, number),
    FOREIGN KEY (organization, secret) REFERENCES record (organization, id)
) STRICT, WITHOUT ROWID;

CREATE TRIGGER version_no_update BEFORE UPDATE ON version
BEGIN SELECT RAISE(ABORT, 'a row of version does not change'); END;

CREATE TABLE data_key (
    organization BLOB NOT NULL,
    secret BLOB NOT NULL,
    version INTEGER NOT NULL,
    ordinal INTEGER NOT NULL CHECK (ordinal >= 0),
    generation INTEGER NOT NULL CHECK (generation >= 1),
    seal INTEGER NOT NULL CHECK (seal >= 1),
    wrapped BLOB NOT NULL CHECK (length(wrapped) > 0),
    PRIMARY KEY (organization, secret, version, ordinal, seal, generation),
    FOREIGN KEY (organization, secret, version) REFERENCES version (organization, secret, number) ON DELETE CASCADE
) STRICT, WITHOUT ROWID;

CREATE TRIGGER data_key_no_update BEFORE UPDATE ON data_key
BEGIN SELECT RAISE(ABORT, 'a row of data_key does not change'); END;

CREATE TABLE ciphertext (
    organization BLOB NOT NULL,
    secret BLOB NOT NULL,
    version INTEGER NOT NULL,
    ordinal INTEGER NOT NULL CHECK (ordinal >= 0),
    seal INTEGER NOT NULL CHECK (seal >= 1),
    sealed BLOB NOT NULL CHECK (length(sealed) > 0),
    PRIMARY KEY (organization, secret, version, ordinal, seal),
    FOREIGN KEY (organization, secret, version) REFERENCES version (organization, secret, number) ON DELETE CASCADE
) STRICT;

CREATE TRIGGER ciphertext_no_update BEFORE UPDATE ON ciphertext
BEGIN SELECT RAISE(ABORT, 'a row of ciphertext does not change'); END;

CREATE TABLE audit_entry (
    organization BLOB NOT NULL CHECK (length(organization) = 16),
    position INTEGER NOT NULL CHECK (position >= 0),
    sealed BLOB NOT NULL CHECK (length(sealed) > 0),
    chain BLOB NOT NULL CHECK (length(chain) = 32),
    PRIMARY KEY (organization, position)
) STRICT;

CREATE TRIGGER audit_entry_no_update BEFORE UPDATE ON audit_entry
BEGIN SELECT RAISE(ABORT, 'a row of audit_entry does not change'); END;

CREATE TRIGGER audit_entry_no_delete BEFORE DELETE ON audit_entry
BEGIN SELECT RAISE(ABORT, 'a row of audit_entry stays'); END;

CREATE TABLE audit_checkpoint (
    organization BLOB NOT NULL CHECK (length(organization) = 16),
    size INTEGER NOT NULL CHECK (size >= 0),
    note BLOB NOT NULL CHECK (length(note) > 0),
    frontier BLOB NOT NULL CHECK (length(frontier) % 32 = 0),
    PRIMARY KEY (organization, size)
) STRICT;

CREATE TRIGGER audit_checkpoint_no_update BEFORE UPDATE ON audit_checkpoint
BEGIN SELECT RAISE(ABORT, 'a row of audit_checkpoint does not change'); END;

CREATE TRIGGER audit_checkpoint_no_delete BEFORE DELETE ON audit_checkpoint
BEGIN SELECT RAISE(ABORT, 'a row of audit_checkpoint stays'); END;

-- 2: approvals

INSERT INTO record_kind (kind) VALUES ('approval'), ('factor');

-- 3: fuses

INSERT INTO record_kind (kind) VALUES ('fuse');

-- 4: grants

INSERT INTO record_kind (kind) VALUES ('grant'), ('panic');

-- 5: rotations

INSERT INTO record_kind (kind) VALUES ('rotation');

-- 6: epochs

INSERT INTO record_kind (kind) VALUES ('epoch');

-- 7: anchors

INSERT INTO record_kind (kind) VALUES ('anchor');

CREATE TABLE audit_anchor (
    organization BLOB NOT NULL,
    size INTEGER NOT NULL CHECK (size >= 1),
    PRIMARY KEY (organization, size),
    FOREIGN KEY (organization, size) REFERENCES audit_checkpoint (organization, size)
) STRICT, WITHOUT ROWID;

CREATE TRIGGER audit_anchor_no_update BEFORE UPDATE ON audit_anchor
BEGIN SELECT RAISE(ABORT, 'a row of audit_anchor does not change'); END;

CREATE TRIGGER audit_anchor_no_delete BEFORE DELETE ON audit_anchor
BEGIN SELECT RAISE(ABORT, 'a row of audit_anchor stays'); END;

CREATE TRIGGER audit_anchor_order BEFORE INSERT ON audit_anchor
WHEN EXISTS (SELECT 1 FROM audit_anchor WHERE organization = NEW.organization AND size >= NEW.size)
OR NOT EXISTS (SELECT 1 FROM audit_checkpoint WHERE organization = NEW.organization AND size > NEW.size)
OR NOT EXISTS (SELECT 1 FROM audit_entry WHERE organization = NEW.organization AND position >= NEW.size)
BEGIN SELECT RAISE(ABORT, 'a log is pruned forward, and never to its end'); END;

DROP TRIGGER audit_entry_no_delete;

CREATE TRIGGER audit_entry_no_delete BEFORE DELETE ON audit_entry
WHEN NOT EXISTS (SELECT 1 FROM audit_anchor WHERE organization = OLD.organization AND size > OLD.position)
BEGIN SELECT RAISE(ABORT, 'a row of audit_entry stays until the log is pruned behind it'); END;

DROP TRIGGER audit_checkpoint_no_delete;

CREATE TRIGGER audit_checkpoint_no_delete BEFORE DELETE ON audit_checkpoint
WHEN NOT EXISTS (SELECT 1 FROM audit_anchor WHERE organization = OLD.organization AND size > OLD.size)
BEGIN SELECT RAISE(ABORT, 'a row of audit_checkpoint stays until the log is pruned behind it'); END;

-- 8: rewrapping

DROP TRIGGER data_key_no_update;

CREATE TRIGGER data_key_identity BEFORE UPDATE OF organization, secret, version, ordinal, seal ON data_key
BEGIN SELECT RAISE(ABORT, 'what a data key opens does not change'); END;

-- 9: in-place

CREATE TABLE data_key_in_place (
    organization BLOB NOT NULL,
    secret BLOB NOT NULL,
    version INTEGER NOT NULL,
    ordinal INTEGER NOT NULL CHECK (ordinal >= 0),
    generation INTEGER NOT NULL CHECK (generation >= 1),
    seal INTEGER NOT NULL CHECK (seal >= 1),
    wrapped BLOB NOT NULL CHECK (length(wrapped) > 0),
    PRIMARY KEY (organization, secret, version, ordinal, seal),
    FOREIGN KEY (organization, secret, version) REFERENCES version (organization, secret, number) ON DELETE CASCADE
) STRICT, WITHOUT ROWID;

INSERT INTO data_key_in_place (organization, secret, version, ordinal, generation, seal, wrapped) SELECT organization, secret, version, ordinal, generation, seal, wrapped FROM data_key;

DROP TABLE data_key;

ALTER TABLE data_key_in_place RENAME TO data_key;

CREATE TRIGGER data_key_identity BEFORE UPDATE OF organization, secret, version, ordinal, seal ON data_key
BEGIN SELECT RAISE(ABORT, 'what a data key opens does not change'); END;

DROP TRIGGER record_identity;

CREATE TRIGGER record_identity BEFORE UPDATE OF organization, kind, id, parent ON record
WHEN NEW.organization <> OLD.organization OR NEW.kind <> OLD.kind OR NEW.id <> OLD.id OR NEW.parent IS DISTINCT FROM OLD.parent
BEGIN SELECT RAISE(ABORT, 'the identity of a record does not change'); END;
