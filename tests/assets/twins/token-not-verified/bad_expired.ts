import jwt from 'jsonwebtoken';

export const read = (token: string, key: string) => jwt.verify(token, key, { ignoreExpiration: true }); // FINDING
