import bcrypt from 'bcrypt';

export const store = (password: string) => bcrypt.hash(password, 12);
