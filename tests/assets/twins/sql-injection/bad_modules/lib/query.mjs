export class Query {
  constructor(table) {
    this.table = table;
    this.conditions = [];
  }

  where(column, value) {
    this.conditions.push(`${column} = '${value}'`);
    return this;
  }

  toString() {
    return `SELECT * FROM ${this.table} WHERE ${this.conditions.join(' AND ')}`;
  }
}
