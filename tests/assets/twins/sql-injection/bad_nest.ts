import { Controller, Get, Query, Injectable } from '@nestjs/common';
import { DataSource } from 'typeorm';

@Injectable()
export class UsersService {
  constructor(private readonly dataSource: DataSource) {}

  find(name: string) {
    return this.dataSource.query(`SELECT * FROM users WHERE name = '${name}'`); // FINDING
  }
}

@Controller('users')
export class UsersController {
  constructor(private readonly users: UsersService) {}

  @Get()
  list(@Query('name') name: string) {
    return this.users.find(name);
  }
}
