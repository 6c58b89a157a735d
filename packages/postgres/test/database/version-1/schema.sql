-- A schema of version 1, the one before refs had holders. What the last code that knew only that version (commit e71f0e8)
-- wrote through its public API, dumped as it was, for a schema that is there. A test replaces its name, version_1.
CREATE TABLE "version_1".attachment_schema (
  version integer NOT NULL,
  only_row boolean PRIMARY KEY DEFAULT true CHECK (only_row)
);

-- One row for each content: the generation of its next put, and who may delete the bytes of that generation.
-- A row under a claim has no refs. settled_at is set while there are neither refs nor a claim: then the row
-- is a tombstone.
CREATE TABLE "version_1".attachment_contents (
  id bytea PRIMARY KEY,
  generation bigint NOT NULL DEFAULT 0,
  claim text,
  claimed_at bigint,
  settled_at bigint
);
CREATE INDEX attachment_contents_claimed ON "version_1".attachment_contents (claimed_at) WHERE claim IS NOT NULL;
CREATE INDEX attachment_contents_settled ON "version_1".attachment_contents (settled_at) WHERE settled_at IS NOT NULL;

-- One row for each session that holds a content. Times are milliseconds since 1970.
CREATE TABLE "version_1".attachment_refs (
  id bytea NOT NULL,
  session_id text COLLATE "C" NOT NULL,
  generation bigint NOT NULL,
  intent_at bigint NOT NULL,
  committed_at bigint,
  released_at bigint,
  media_type text,
  width integer,
  height integer,
  label text,
  PRIMARY KEY (id, session_id)
);
CREATE INDEX attachment_refs_session ON "version_1".attachment_refs (session_id, id);
-- The loose refs, the oldest first, which is all that a sweep looks at. Its cost does not grow with committed refs.
CREATE INDEX attachment_refs_loose ON "version_1".attachment_refs ((coalesce(released_at, intent_at)), id)
  WHERE committed_at IS NULL OR released_at IS NOT NULL;

-- One row for each copy of some bytes. Small ones are in the row; bytes is null where they are in chunks.
CREATE TABLE "version_1".attachment_blobs (
  id bytea NOT NULL,
  generation bigint NOT NULL,
  byte_length bigint NOT NULL,
  media_type text NOT NULL,
  width integer,
  height integer,
  label text,
  stored_at timestamptz NOT NULL DEFAULT now(),
  bytes bytea,
  PRIMARY KEY (id, generation)
);
-- The bytes of bigger copies, 256 KiB to a row.
CREATE TABLE "version_1".attachment_chunks (
  id bytea NOT NULL,
  generation bigint NOT NULL,
  seq integer NOT NULL,
  bytes bytea NOT NULL,
  PRIMARY KEY (id, generation, seq),
  FOREIGN KEY (id, generation) REFERENCES "version_1".attachment_blobs ON DELETE CASCADE
);

INSERT INTO "version_1".attachment_schema (version) VALUES (1);
INSERT INTO "version_1".attachment_contents VALUES ('\x0a7d003fcf77f7fbf7073738c73385d4768a2843a67af7d414041c7988f53072', 1, NULL, NULL, 1750000032000);
INSERT INTO "version_1".attachment_contents VALUES ('\x329691a29c5c209ec5e90e0af235ab550152e67313791886316b5845a7b0d939', 0, NULL, NULL, NULL);
INSERT INTO "version_1".attachment_contents VALUES ('\x5d76ea6e21db1c628a3da5164c0328d8320385a2590c55cebf2799b662f19914', 0, NULL, NULL, NULL);
INSERT INTO "version_1".attachment_contents VALUES ('\x5edd1832df25e2f1a72585c0ee55c1e585e7f4902eb1d15f7abf1c71c1b296ae', 2, NULL, NULL, NULL);
INSERT INTO "version_1".attachment_contents VALUES ('\x7743ce348d9284d677a185f33295b92266cc435a5b5f775029b300066d26693a', 0, NULL, NULL, NULL);
INSERT INTO "version_1".attachment_contents VALUES ('\x990cb8ebd0afb7150da453a213036a92f2c05e091df0d803e62d257ea7796c27', 0, NULL, NULL, NULL);
INSERT INTO "version_1".attachment_contents VALUES ('\xa4d26868017c0ccffe2efe50944ef4211834660cca834c6e9f86dec6a88246fa', 0, NULL, NULL, NULL);
INSERT INTO "version_1".attachment_contents VALUES ('\xb1b886ce5f5750a00ae3dd003702a16e4916e6830987e03094cbbf699cb0fae1', 1, NULL, NULL, NULL);
INSERT INTO "version_1".attachment_contents VALUES ('\xb4c9e14061c2fd453b36700e3b0da008db2189c711ac629f0f583089164e267d', 0, NULL, NULL, NULL);
INSERT INTO "version_1".attachment_contents VALUES ('\xcbe24af6b86c16c06a7d77d2025478bcde867cdea8b93dee6052cf94f80d4815', 0, NULL, NULL, NULL);
INSERT INTO "version_1".attachment_contents VALUES ('\xd29eae1372c396247daf62745d10c3513eb46f9f232b4527e0f5298e5dca5cd0', 0, NULL, NULL, NULL);
INSERT INTO "version_1".attachment_contents VALUES ('\xd79d3458a58877cd8e48c18ebaf4c27b9d5c1a9cb5dfbdac769a7a21d8a1022e', 0, 'ffd46d03-6541-4a10-9938-a0ff8aff674d', 1750000031000, NULL);
INSERT INTO "version_1".attachment_contents VALUES ('\xe3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855', 0, NULL, NULL, NULL);
INSERT INTO "version_1".attachment_contents VALUES ('\xe8ffcd0a4ed0259ec5c494529ff7be88cfc9f2083ee5d9b896f2111c3083454c', 0, NULL, NULL, NULL);
INSERT INTO "version_1".attachment_contents VALUES ('\xf256587e4ca2810460e04ac19ad491ac37f90987770a2293f5b7a09c4d3564a4', 0, NULL, NULL, NULL);
INSERT INTO "version_1".attachment_refs VALUES ('\x329691a29c5c209ec5e90e0af235ab550152e67313791886316b5845a7b0d939', 'session 2', 0, 1750000002000, NULL, NULL, NULL, NULL, NULL, NULL);
INSERT INTO "version_1".attachment_refs VALUES ('\x5d76ea6e21db1c628a3da5164c0328d8320385a2590c55cebf2799b662f19914', 'session 1', 0, 1750000001000, NULL, NULL, 'image/png', 3, 4, 'lost.png');
INSERT INTO "version_1".attachment_refs VALUES ('\x5edd1832df25e2f1a72585c0ee55c1e585e7f4902eb1d15f7abf1c71c1b296ae', 'session 1', 2, 1750000029000, 1750000029000, NULL, 'text/plain', NULL, NULL, 'moved');
INSERT INTO "version_1".attachment_refs VALUES ('\x7743ce348d9284d677a185f33295b92266cc435a5b5f775029b300066d26693a', 'session 1', 0, 1750000000000, NULL, NULL, 'text/plain', NULL, NULL, 'draft.txt');
INSERT INTO "version_1".attachment_refs VALUES ('\x990cb8ebd0afb7150da453a213036a92f2c05e091df0d803e62d257ea7796c27', E'\x01\x09\x0a􏿿', 0, 1750000025000, 1750000025000, NULL, 'text/plain', NULL, NULL, E'\x01\x09\x0a􏿿');
INSERT INTO "version_1".attachment_refs VALUES ('\x990cb8ebd0afb7150da453a213036a92f2c05e091df0d803e62d257ea7796c27', ' ', 0, 1750000023000, 1750000023000, NULL, 'text/plain', NULL, NULL, ' ');
INSERT INTO "version_1".attachment_refs VALUES ('\x990cb8ebd0afb7150da453a213036a92f2c05e091df0d803e62d257ea7796c27', '''"\; --', 0, 1750000024000, 1750000024000, NULL, 'text/plain', NULL, NULL, '''"\; --');
INSERT INTO "version_1".attachment_refs VALUES ('\x990cb8ebd0afb7150da453a213036a92f2c05e091df0d803e62d257ea7796c27', 'é', 0, 1750000021000, 1750000021000, NULL, 'text/plain', NULL, NULL, 'é');
INSERT INTO "version_1".attachment_refs VALUES ('\x990cb8ebd0afb7150da453a213036a92f2c05e091df0d803e62d257ea7796c27', 'É', 0, 1750000022000, 1750000022000, NULL, 'text/plain', NULL, NULL, 'É');
INSERT INTO "version_1".attachment_refs VALUES ('\x990cb8ebd0afb7150da453a213036a92f2c05e091df0d803e62d257ea7796c27', 'é', 0, 1750000020000, 1750000020000, NULL, 'text/plain', NULL, NULL, 'é');
INSERT INTO "version_1".attachment_refs VALUES ('\x990cb8ebd0afb7150da453a213036a92f2c05e091df0d803e62d257ea7796c27', repeat('😀', 512), 0, 1750000026000, 1750000026000, NULL, 'text/plain', NULL, NULL, '😀😀😀😀');
INSERT INTO "version_1".attachment_refs VALUES ('\xa4d26868017c0ccffe2efe50944ef4211834660cca834c6e9f86dec6a88246fa', 'session 1', 0, 1750000003000, 1750000004000, NULL, 'image/png', 640, 480, 'Bild 日本 😀 ''"\.png');
INSERT INTO "version_1".attachment_refs VALUES ('\xa4d26868017c0ccffe2efe50944ef4211834660cca834c6e9f86dec6a88246fa', 'session 2', 0, 1750000003000, 1750000005000, NULL, 'text/plain', NULL, NULL, NULL);
INSERT INTO "version_1".attachment_refs VALUES ('\xb1b886ce5f5750a00ae3dd003702a16e4916e6830987e03094cbbf699cb0fae1', 'session 2', 1, 1750000030000, NULL, NULL, 'text/plain', NULL, NULL, NULL);
INSERT INTO "version_1".attachment_refs VALUES ('\xb4c9e14061c2fd453b36700e3b0da008db2189c711ac629f0f583089164e267d', 'session 1', 0, 1750000008000, 1750000007000, NULL, 'text/plain', NULL, NULL, 'second');
INSERT INTO "version_1".attachment_refs VALUES ('\xcbe24af6b86c16c06a7d77d2025478bcde867cdea8b93dee6052cf94f80d4815', 'session 2', 0, 1750000011000, 1750000012000, 1750000013000, 'text/plain', NULL, NULL, NULL);
INSERT INTO "version_1".attachment_refs VALUES ('\xd29eae1372c396247daf62745d10c3513eb46f9f232b4527e0f5298e5dca5cd0', 'session 1', 0, 1750000009000, NULL, 1750000010000, 'text/plain', NULL, NULL, NULL);
INSERT INTO "version_1".attachment_refs VALUES ('\xe3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855', 'session 1', 0, 1750000019000, 1750000019000, NULL, 'text/plain', NULL, NULL, NULL);
INSERT INTO "version_1".attachment_refs VALUES ('\xe8ffcd0a4ed0259ec5c494529ff7be88cfc9f2083ee5d9b896f2111c3083454c', 'session 2', 0, 1750000017000, 1750000018000, NULL, 'application/octet-stream', NULL, NULL, 'big');
INSERT INTO "version_1".attachment_refs VALUES ('\xf256587e4ca2810460e04ac19ad491ac37f90987770a2293f5b7a09c4d3564a4', 'session 1', 0, 1750000014000, 1750000015000, 1750000016000, 'text/plain', NULL, NULL, NULL);
INSERT INTO "version_1".attachment_refs VALUES ('\xf256587e4ca2810460e04ac19ad491ac37f90987770a2293f5b7a09c4d3564a4', 'session 2', 0, 1750000014000, 1750000015000, NULL, 'text/plain', NULL, NULL, NULL);
INSERT INTO "version_1".attachment_blobs VALUES ('\x5edd1832df25e2f1a72585c0ee55c1e585e7f4902eb1d15f7abf1c71c1b296ae', 0, 5, 'text/plain', NULL, NULL, 'round 0', '2026-11-21 22:17:45.759396+00', '\x6d6f766564');
INSERT INTO "version_1".attachment_blobs VALUES ('\x5edd1832df25e2f1a72585c0ee55c1e585e7f4902eb1d15f7abf1c71c1b296ae', 2, 5, 'text/plain', NULL, NULL, 'moved', '2026-11-21 22:17:45.766176+00', '\x6d6f766564');
INSERT INTO "version_1".attachment_blobs VALUES ('\x7743ce348d9284d677a185f33295b92266cc435a5b5f775029b300066d26693a', 0, 5, 'text/plain', NULL, NULL, 'draft.txt', '2026-11-21 22:17:45.721484+00', '\x6472616674');
INSERT INTO "version_1".attachment_blobs VALUES ('\x990cb8ebd0afb7150da453a213036a92f2c05e091df0d803e62d257ea7796c27', 0, 3, 'text/plain', NULL, NULL, 'é', '2026-11-21 22:17:45.75193+00', '\x6f6464');
INSERT INTO "version_1".attachment_blobs VALUES ('\xa4d26868017c0ccffe2efe50944ef4211834660cca834c6e9f86dec6a88246fa', 0, 6, 'image/png', 640, 480, 'Bild 日本 😀 ''"\.png', '2026-11-21 22:17:45.726857+00', '\x736861726564');
INSERT INTO "version_1".attachment_blobs VALUES ('\xb1b886ce5f5750a00ae3dd003702a16e4916e6830987e03094cbbf699cb0fae1', 0, 6, 'text/plain', NULL, NULL, NULL, '2026-11-21 22:17:45.767242+00', '\x626568696e64');
INSERT INTO "version_1".attachment_blobs VALUES ('\xb4c9e14061c2fd453b36700e3b0da008db2189c711ac629f0f583089164e267d', 0, 5, 'text/plain', NULL, NULL, 'first', '2026-11-21 22:17:45.732106+00', '\x616761696e');
INSERT INTO "version_1".attachment_blobs VALUES ('\xcbe24af6b86c16c06a7d77d2025478bcde867cdea8b93dee6052cf94f80d4815', 0, 14, 'text/plain', NULL, NULL, NULL, '2026-11-21 22:17:45.736331+00', '\x72656c6561736564206c61746572');
INSERT INTO "version_1".attachment_blobs VALUES ('\xd29eae1372c396247daf62745d10c3513eb46f9f232b4527e0f5298e5dca5cd0', 0, 8, 'text/plain', NULL, NULL, NULL, '2026-11-21 22:17:45.734693+00', '\x72656c6561736564');
INSERT INTO "version_1".attachment_blobs VALUES ('\xd79d3458a58877cd8e48c18ebaf4c27b9d5c1a9cb5dfbdac769a7a21d8a1022e', 0, 7, 'text/plain', NULL, NULL, NULL, '2026-11-21 22:17:45.769902+00', '\x636c61696d6564');
INSERT INTO "version_1".attachment_blobs VALUES ('\xe224ddc6b55af8b2a88404a0b6cb2617db0dfc25b3584a4dd7c4358d911e91f5', 0, 5, 'text/plain', NULL, NULL, NULL, '2026-11-21 22:17:45.775363+00', '\x7374726179');
INSERT INTO "version_1".attachment_blobs VALUES ('\xe3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855', 0, 0, 'text/plain', NULL, NULL, NULL, '2026-11-21 22:17:45.74992+00', '\x');
INSERT INTO "version_1".attachment_blobs VALUES ('\xe8ffcd0a4ed0259ec5c494529ff7be88cfc9f2083ee5d9b896f2111c3083454c', 0, 300000, 'application/octet-stream', NULL, NULL, 'big', '2026-11-21 22:17:45.744605+00', NULL);
INSERT INTO "version_1".attachment_blobs VALUES ('\xf256587e4ca2810460e04ac19ad491ac37f90987770a2293f5b7a09c4d3564a4', 0, 13, 'text/plain', NULL, NULL, NULL, '2026-11-21 22:17:45.738182+00', '\x68616c662072656c6561736564');
INSERT INTO "version_1".attachment_chunks VALUES ('\xe8ffcd0a4ed0259ec5c494529ff7be88cfc9f2083ee5d9b896f2111c3083454c', 0, 0, '\x626967'::bytea || decode(repeat('78', 262141), 'hex'));
INSERT INTO "version_1".attachment_chunks VALUES ('\xe8ffcd0a4ed0259ec5c494529ff7be88cfc9f2083ee5d9b896f2111c3083454c', 0, 1, '\x'::bytea || decode(repeat('78', 37856), 'hex'));
