-- Up Migration
-- These two are migrations, not repeatable SQL: stored columns hold their results, so they can never change in place.

create function normalise(name text) returns text
  language sql immutable strict parallel safe
begin atomic
  -- translate() deletes U+200B and U+FEFF (nothing stands for them), folds U+2019 and U+02BC to ', and makes every
  -- kind of white space a plain space. The collation is named, as lower() of a C-locale database leaves Cyrillic alone.
  -- NFC comes last: lower-casing can leave a pair that composes (J + caron).
  select normalize(lower(btrim(regexp_replace(translate(name,
    U&'\2019\02BC' || chr(9) || chr(10) || chr(11) || chr(12) || chr(13)
      || U&'\0085\00A0\1680\2000\2001\2002\2003\2004\2005\2006\2007\2008\2009\200A\2028\2029\202F\205F\3000\200B\FEFF',
    '''''' || repeat(' ', 24)), ' {2,}', ' ', 'g'), ' ') collate "und-x-icu"), nfc);
end;
comment on function normalise(text) is
  'The name key of a name: U+200B and U+FEFF stripped, U+2019 and U+02BC folded to the apostrophe, white space trimmed and collapsed, lower-cased by und-x-icu, composed (NFC). The same as normalise() in src/normalise.ts.';

create function name_hash(name_key text) returns bytea
  language sql immutable strict parallel safe
begin atomic
  -- A B-tree refuses keys over 2,704 bytes (2,000 random Cyrillic letters), so unique keys on names use this digest.
  -- sha256 and not md5: md5() raises an error on servers in FIPS mode.
  select sha256(convert_to(name_key, 'UTF8'));
end;
comment on function name_hash(text) is 'sha256 of a name key (32 bytes): what indexes and unique keys on names hold.';
