import { type FreshSchema, PostgresGround } from '@lash/attachments-testing/postgres'

/**
 * A schema for each fixture, which no other has at the same time: one that an earlier fixture has left, emptied. To
 * make and to drop the tables takes the server ten times as long as most cases. That they are made, by one or by many
 * at once, is tested in the package.
 */
export class PostgresSchemas {
  readonly #ground = new PostgresGround()
  readonly #left: FreshSchema[] = []

  async take(): Promise<FreshSchema> {
    return this.#left.pop() ?? (await this.#ground.freshSchema())
  }

  /** Waits until no transaction is open on the tables. */
  async leave(fresh: FreshSchema): Promise<void> {
    await fresh.admin.query(emptying(fresh.schema))
    this.#left.push(fresh)
  }

  cleanup(): Promise<void> {
    return this.#ground.cleanup()
  }
}

/**
 * Brings the tables to what they are when they are new, if they are there. It gives no result, which a host can have
 * made unreadable. Deleting costs less than truncating, but leaves dead rows behind, here up to 2 MB.
 */
function emptying(schema: string): string {
  return `DO $$
    DECLARE
      tables text[] := (
        SELECT array_agg(format('%I.%I', schemaname, tablename)) FROM pg_tables
        WHERE schemaname = '${schema}' AND tablename NOT IN ('attachment_schema', 'attachment_floor'));
      one text;
    BEGIN
      IF tables IS NULL THEN RETURN; END IF;
      EXECUTE 'LOCK TABLE ' || array_to_string(tables, ', ');
      IF (SELECT sum(pg_total_relation_size(name::regclass)) FROM unnest(tables) name) > 2000000 THEN
        EXECUTE 'TRUNCATE ' || array_to_string(tables, ', ');
      ELSE
        FOREACH one IN ARRAY tables LOOP EXECUTE 'DELETE FROM ' || one; END LOOP;
      END IF;
      UPDATE ${schema}.attachment_floor SET generation = 0 WHERE generation <> 0;
    END $$`
}
