import { Pool } from 'pg';

abstract class Repository {
  protected readonly pool = new Pool();

  protected async rows(sql: string, values: unknown[] = []) {
    const found = await this.pool.query(sql, values);
    return found.rows;
  }
}

export class Orders extends Repository {
  search(status: string) {
    return this.rows('SELECT id FROM orders WHERE status = $1', [status]);
  }
}
