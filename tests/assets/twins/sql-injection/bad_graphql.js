const { ApolloServer } = require('@apollo/server');
const { Pool } = require('pg');

const pool = new Pool();

const resolvers = {
  Query: {
    notes: async (parent, args) => {
      const { rows } = await pool.query(`SELECT * FROM notes WHERE title = '${args.title}'`); // FINDING
      return rows;
    },
  },
};

module.exports = (typeDefs) => new ApolloServer({ typeDefs, resolvers });
