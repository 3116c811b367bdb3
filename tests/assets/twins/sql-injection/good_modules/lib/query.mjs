export class Query {
  constructor(table) {
    this.table = table;
    this.conditions = [];
    this.values = [];
  }

  where(column, value) {
    this.values.push(value);
    this.conditions.push(`${column} = $${this.values.length}`);
    return this;
  }
}
