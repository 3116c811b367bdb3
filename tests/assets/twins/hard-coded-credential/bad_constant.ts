const adminPassword = 'Tr0ub4dor&3'; // FINDING

export const isAdmin = (given: string) => given.length === adminPassword.length;
