def f(a):
    if a == 0:
        x = a
    else:
        y = a
    if a == 1:
        x = a
    else:
        y = a
    if a == 2:
        x = a
    else:
        y = a
    if a == 3:
        x = a
    else:
        y = a
    if a == 4:
        x = a
    else:
        y = a
    if a == 5:
        x = a
    else:
        y = a
    if a == 6:
        x = a
    else:
        y = a
    if a == 7:
        x = a
    else:
        y = a
    if a == 8:
        x = a
    else:
        y = a
    if a == 9:
        x = a
    else:
        y = a
    if a == 10:
        x = a
    else:
        y = a
    if a == 11:
        x = a
    else:
        y = a
    if a == 12:
        x = a
    else:
        y = a
    if a == 13:
        x = a
    else:
        y = a
    if a == 14:
        x = a
    else:
        y = a
    if a == 15:
        x = a
    else:
        y = a
    if a == 16:
        x = a
    else:
        y = a
    if a == 17:
        x = a
    else:
        y = a
    if a == 18:
        x = a
    else:
        y = a
    if a == 19:
        x = a
    else:
        y = a
    if a == 20:
        x = a
    else:
        y = a
    if a == 21:
        x = a
    else:
        y = a
    if a == 22:
        x = a
    else:
        y = a
    if a == 23:
        x = a
    else:
        y = a
    if a == 24:
        x = a
    else:
        y = a
    if a == 25:
        x = a
    else:
        y = a
    if a == 26:
        x = a
    else:
        y = a
    if a == 27:
        x = a
    else:
        y = a
    if a == 28:
        x = a
    else:
        y = a
    if a == 29:
        x = a
    else:
        y = a
    if a == 30:
        x = a
    else:
        y = a
    if a == 31:
        x = a
    else:
        y = a
    if a == 32:
        x = a
    else:
        y = a
    if a == 33:
        x = a
    else:
        y = a
    if a == 34:
        x = a
    else:
        y = a
    if a == 35:
        x = a
    else:
        y = a
    if a == 36:
        x = a
    else:
        y = a
    if a == 37:
        x = a
    else:
        y = a
    if a == 38:
        x = a
    else:
        y = a
    if a == 39:
        x = a
    else:
        y = a
    if a == 40:
        x = a
    else:
        y = a
    if a == 41:
        x = a
    else:
        y = a
    if a == 42:
        x = a
    else:
        y = a
    if a == 43:
        x = a
    else:
        y = a
    if a == 44:
        x = a
    else:
        y = a
    if a == 45:
        x = a
    else:
        y = a
    if a == 46:
        x = a
    else:
        y = a
    if a == 47:
        x = a
    else:
        y = a
    if a == 48:
        x = a
    else:
        y = a
    if a == 49:
        x = a
    else:
        y = a
    if a == 50:
        x = a
    else:
        y = a
    if a == 51:
        x = a
    else:
        y = a
    if a == 52:
        x = a
    else:
        y = a
    if a == 53:
        x = a
    else:
        y = a
    if a == 54:
        x = a
    else:
        y = a
    if a == 55:
        x = a
    else:
        y = a
    if a == 56:
        x = a
    else:
        y = a
    if a == 57:
        x = a
    else:
        y = a
    if a == 58:
        x = a
    else:
        y = a
    if a == 59:
        x = a
    else:
        y = a
    if a == 60:
        x = a
    else:
        y = a
    if a == 61:
        x = a
    else:
        y = a
    if a == 62:
        x = a
    else:
        y = a
    if a == 63:
        x = a
    else:
        y = a
    if a == 64:
        x = a
    else:
        y = a
    if a == 65:
        x = a
    else:
        y = a
    if a == 66:
        x = a
    else:
        y = a
    if a == 67:
        x = a
    else:
        y = a
    if a == 68:
        x = a
    else:
        y = a
    if a == 69:
        x = a
    else:
        y = a
    if a == 70:
        x = a
    else:
        y = a
    if a == 71:
        x = a
    else:
        y = a
    if a == 72:
        x = a
    else:
        y = a
    if a == 73:
        x = a
    else:
        y = a
    if a == 74:
        x = a
    else:
        y = a
    if a == 75:
        x = a
    else:
        y = a
    if a == 76:
        x = a
    else:
        y = a
    if a == 77:
        x = a
    else:
        y = a
    if a == 78:
        x = a
    else:
        y = a
    if a == 79:
        x = a
    else:
        y = a
    if a == 80:
        x = a
    else:
        y = a
    if a == 81:
        x = a
    else:
        y = a
    if a == 82:
        x = a
    else:
        y = a
    if a == 83:
        x = a
    else:
        y = a
    if a == 84:
        x = a
    else:
        y = a
    if a == 85:
        x = a
    else:
        y = a
    if a == 86:
        x = a
    else:
        y = a
    if a == 87:
        x = a
    else:
        y = a
    if a == 88:
        x = a
    else:
        y = a
    if a == 89:
        x = a
    else:
        y = a
    if a == 90:
        x = a
    else:
        y = a
    if a == 91:
        x = a
    else:
        y = a
    if a == 92:
        x = a
    else:
        y = a
    if a == 93:
        x = a
    else:
        y = a
    if a == 94:
        x = a
    else:
        y = a
    if a == 95:
        x = a
    else:
        y = a
    if a == 96:
        x = a
    else:
        y = a
    if a == 97:
        x = a
    else:
        y = a
    if a == 98:
        x = a
    else:
        y = a
    if a == 99:
        x = a
    else:
        y = a
    if a == 100:
        x = a
    else:
        y = a
    if a == 101:
        x = a
    else:
        y = a
    if a == 102:
        x = a
    else:
        y = a
    if a == 103:
        x = a
    else:
        y = a
    if a == 104:
        x = a
    else:
        y = a
    if a == 105:
        x = a
    else:
        y = a
    if a == 106:
        x = a
    else:
        y = a
    if a == 107:
        x = a
    else:
        y = a
    if a == 108:
        x = a
    else:
        y = a
    if a == 109:
        x = a
    else:
        y = a
    if a == 110:
        x = a
    else:
        y = a
    if a == 111:
        x = a
    else:
        y = a
    if a == 112:
        x = a
    else:
        y = a
    if a == 113:
        x = a
    else:
        y = a
    if a == 114:
        x = a
    else:
        y = a
    if a == 115:
        x = a
    else:
        y = a
    if a == 116:
        x = a
    else:
        y = a
    if a == 117:
        x = a
    else:
        y = a
    if a == 118:
        x = a
    else:
        y = a
    if a == 119:
        x = a
    else:
        y = a
    if a == 120:
        x = a
    else:
        y = a
    if a == 121:
        x = a
    else:
        y = a
    if a == 122:
        x = a
    else:
        y = a
    if a == 123:
        x = a
    else:
        y = a
    if a == 124:
        x = a
    else:
        y = a
    if a == 125:
        x = a
    else:
        y = a
    if a == 126:
        x = a
    else:
        y = a
    if a == 127:
        x = a
    else:
        y = a
    if a == 128:
        x = a
    else:
        y = a
    if a == 129:
        x = a
    else:
        y = a
    if a == 130:
        x = a
    else:
        y = a
    if a == 131:
        x = a
    else:
        y = a
    if a == 132:
        x = a
    else:
        y = a
    if a == 133:
        x = a
    else:
        y = a
    if a == 134:
        x = a
    else:
        y = a
    if a == 135:
        x = a
    else:
        y = a
    if a == 136:
        x = a
    else:
        y = a
    if a == 137:
        x = a
    else:
        y = a
    if a == 138:
        x = a
    else:
        y = a
    if a == 139:
        x = a
    else:
        y = a
    if a == 140:
        x = a
    else:
        y = a
    if a == 141:
        x = a
    else:
        y = a
    if a == 142:
        x = a
    else:
        y = a
    if a == 143:
        x = a
    else:
        y = a
    if a == 144:
        x = a
    else:
        y = a
    if a == 145:
        x = a
    else:
        y = a
    if a == 146:
        x = a
    else:
        y = a
    if a == 147:
        x = a
    else:
        y = a
    if a == 148:
        x = a
    else:
        y = a
    if a == 149:
        x = a
    else:
        y = a
    if a == 150:
        x = a
    else:
        y = a
    if a == 151:
        x = a
    else:
        y = a
    if a == 152:
        x = a
    else:
        y = a
    if a == 153:
        x = a
    else:
        y = a
    if a == 154:
        x = a
    else:
        y = a
    if a == 155:
        x = a
    else:
        y = a
    if a == 156:
        x = a
    else:
        y = a
    if a == 157:
        x = a
    else:
        y = a
    if a == 158:
        x = a
    else:
        y = a
    if a == 159:
        x = a
    else:
        y = a
    if a == 160:
        x = a
    else:
        y = a
    if a == 161:
        x = a
    else:
        y = a
    if a == 162:
        x = a
    else:
        y = a
    if a == 163:
        x = a
    else:
        y = a
    if a == 164:
        x = a
    else:
        y = a
    if a == 165:
        x = a
    else:
        y = a
    if a == 166:
        x = a
    else:
        y = a
    if a == 167:
        x = a
    else:
        y = a
    if a == 168:
        x = a
    else:
        y = a
    if a == 169:
        x = a
    else:
        y = a
    if a == 170:
        x = a
    else:
        y = a
    if a == 171:
        x = a
    else:
        y = a
    if a == 172:
        x = a
    else:
        y = a
    if a == 173:
        x = a
    else:
        y = a
    if a == 174:
        x = a
    else:
        y = a
    if a == 175:
        x = a
    else:
        y = a
    if a == 176:
        x = a
    else:
        y = a
    if a == 177:
        x = a
    else:
        y = a
    if a == 178:
        x = a
    else:
        y = a
    if a == 179:
        x = a
    else:
        y = a
    if a == 180:
        x = a
    else:
        y = a
    if a == 181:
        x = a
    else:
        y = a
    if a == 182:
        x = a
    else:
        y = a
    if a == 183:
        x = a
    else:
        y = a
    if a == 184:
        x = a
    else:
        y = a
    if a == 185:
        x = a
    else:
        y = a
    if a == 186:
        x = a
    else:
        y = a
    if a == 187:
        x = a
    else:
        y = a
    if a == 188:
        x = a
    else:
        y = a
    if a == 189:
        x = a
    else:
        y = a
    if a == 190:
        x = a
    else:
        y = a
    if a == 191:
        x = a
    else:
        y = a
    if a == 192:
        x = a
    else:
        y = a
    if a == 193:
        x = a
    else:
        y = a
    if a == 194:
        x = a
    else:
        y = a
    if a == 195:
        x = a
    else:
        y = a
    if a == 196:
        x = a
    else:
        y = a
    if a == 197:
        x = a
    else:
        y = a
    if a == 198:
        x = a
    else:
        y = a
    if a == 199:
        x = a
    else:
        y = a
    if a == 200:
        x = a
    else:
        y = a
    if a == 201:
        x = a
    else:
        y = a
    if a == 202:
        x = a
    else:
        y = a
    if a == 203:
        x = a
    else:
        y = a
    if a == 204:
        x = a
    else:
        y = a
    if a == 205:
        x = a
    else:
        y = a
    if a == 206:
        x = a
    else:
        y = a
    if a == 207:
        x = a
    else:
        y = a
    if a == 208:
        x = a
    else:
        y = a
    if a == 209:
        x = a
    else:
        y = a
    if a == 210:
        x = a
    else:
        y = a
    if a == 211:
        x = a
    else:
        y = a
    if a == 212:
        x = a
    else:
        y = a
    if a == 213:
        x = a
    else:
        y = a
    if a == 214:
        x = a
    else:
        y = a
    if a == 215:
        x = a
    else:
        y = a
    if a == 216:
        x = a
    else:
        y = a
    if a == 217:
        x = a
    else:
        y = a
    if a == 218:
        x = a
    else:
        y = a
    if a == 219:
        x = a
    else:
        y = a
    if a == 220:
        x = a
    else:
        y = a
    if a == 221:
        x = a
    else:
        y = a
    if a == 222:
        x = a
    else:
        y = a
    if a == 223:
        x = a
    else:
        y = a
    if a == 224:
        x = a
    else:
        y = a
    if a == 225:
        x = a
    else:
        y = a
    if a == 226:
        x = a
    else:
        y = a
    if a == 227:
        x = a
    else:
        y = a
    if a == 228:
        x = a
    else:
        y = a
    if a == 229:
        x = a
    else:
        y = a
    if a == 230:
        x = a
    else:
        y = a
    if a == 231:
        x = a
    else:
        y = a
    if a == 232:
        x = a
    else:
        y = a
    if a == 233:
        x = a
    else:
        y = a
    if a == 234:
        x = a
    else:
        y = a
    if a == 235:
        x = a
    else:
        y = a
    if a == 236:
        x = a
    else:
        y = a
    if a == 237:
        x = a
    else:
        y = a
    if a == 238:
        x = a
    else:
        y = a
    if a == 239:
        x = a
    else:
        y = a
    if a == 240:
        x = a
    else:
        y = a
    if a == 241:
        x = a
    else:
        y = a
    if a == 242:
        x = a
    else:
        y = a
    if a == 243:
        x = a
    else:
        y = a
    if a == 244:
        x = a
    else:
        y = a
    if a == 245:
        x = a
    else:
        y = a
    if a == 246:
        x = a
    else:
        y = a
    if a == 247:
        x = a
    else:
        y = a
    if a == 248:
        x = a
    else:
        y = a
    if a == 249:
        x = a
    else:
        y = a
    if a == 250:
        x = a
    else:
        y = a
    if a == 251:
        x = a
    else:
        y = a
    if a == 252:
        x = a
    else:
        y = a
    if a == 253:
        x = a
    else:
        y = a
    if a == 254:
        x = a
    else:
        y = a
    if a == 255:
        x = a
    else:
        y = a
    if a == 256:
        x = a
    else:
        y = a
    if a == 257:
        x = a
    else:
        y = a
    if a == 258:
        x = a
    else:
        y = a
    if a == 259:
        x = a
    else:
        y = a
    if a == 260:
        x = a
    else:
        y = a
    if a == 261:
        x = a
    else:
        y = a
    if a == 262:
        x = a
    else:
        y = a
    if a == 263:
        x = a
    else:
        y = a
    if a == 264:
        x = a
    else:
        y = a
    if a == 265:
        x = a
    else:
        y = a
    if a == 266:
        x = a
    else:
        y = a
    if a == 267:
        x = a
    else:
        y = a
    if a == 268:
        x = a
    else:
        y = a
    if a == 269:
        x = a
    else:
        y = a
    if a == 270:
        x = a
    else:
        y = a
    if a == 271:
        x = a
    else:
        y = a
    if a == 272:
        x = a
    else:
        y = a
    if a == 273:
        x = a
    else:
        y = a
    if a == 274:
        x = a
    else:
        y = a
    if a == 275:
        x = a
    else:
        y = a
    if a == 276:
        x = a
    else:
        y = a
    if a == 277:
        x = a
    else:
        y = a
    if a == 278:
        x = a
    else:
        y = a
    if a == 279:
        x = a
    else:
        y = a
    if a == 280:
        x = a
    else:
        y = a
    if a == 281:
        x = a
    else:
        y = a
    if a == 282:
        x = a
    else:
        y = a
    if a == 283:
        x = a
    else:
        y = a
    if a == 284:
        x = a
    else:
        y = a
    if a == 285:
        x = a
    else:
        y = a
    if a == 286:
        x = a
    else:
        y = a
    if a == 287:
        x = a
    else:
        y = a
    if a == 288:
        x = a
    else:
        y = a
    if a == 289:
        x = a
    else:
        y = a
    if a == 290:
        x = a
    else:
        y = a
    if a == 291:
        x = a
    else:
        y = a
    if a == 292:
        x = a
    else:
        y = a
    if a == 293:
        x = a
    else:
        y = a
    if a == 294:
        x = a
    else:
        y = a
    if a == 295:
        x = a
    else:
        y = a
    if a == 296:
        x = a
    else:
        y = a
    if a == 297:
        x = a
    else:
        y = a
    if a == 298:
        x = a
    else:
        y = a
    if a == 299:
        x = a
    else:
        y = a
    if a == 300:
        x = a
    else:
        y = a
    if a == 301:
        x = a
    else:
        y = a
    if a == 302:
        x = a
    else:
        y = a
    if a == 303:
        x = a
    else:
        y = a
    if a == 304:
        x = a
    else:
        y = a
    if a == 305:
        x = a
    else:
        y = a
    if a == 306:
        x = a
    else:
        y = a
    if a == 307:
        x = a
    else:
        y = a
    if a == 308:
        x = a
    else:
        y = a
    if a == 309:
        x = a
    else:
        y = a
    if a == 310:
        x = a
    else:
        y = a
    if a == 311:
        x = a
    else:
        y = a
    if a == 312:
        x = a
    else:
        y = a
    if a == 313:
        x = a
    else:
        y = a
    if a == 314:
        x = a
    else:
        y = a
    if a == 315:
        x = a
    else:
        y = a
    if a == 316:
        x = a
    else:
        y = a
    if a == 317:
        x = a
    else:
        y = a
    if a == 318:
        x = a
    else:
        y = a
    if a == 319:
        x = a
    else:
        y = a
    if a == 320:
        x = a
    else:
        y = a
    if a == 321:
        x = a
    else:
        y = a
    if a == 322:
        x = a
    else:
        y = a
    if a == 323:
        x = a
    else:
        y = a
    if a == 324:
        x = a
    else:
        y = a
    if a == 325:
        x = a
    else:
        y = a
    if a == 326:
        x = a
    else:
        y = a
    if a == 327:
        x = a
    else:
        y = a
    if a == 328:
        x = a
    else:
        y = a
    if a == 329:
        x = a
    else:
        y = a
    if a == 330:
        x = a
    else:
        y = a
    if a == 331:
        x = a
    else:
        y = a
    if a == 332:
        x = a
    else:
        y = a
    if a == 333:
        x = a
    else:
        y = a
    if a == 334:
        x = a
    else:
        y = a
    if a == 335:
        x = a
    else:
        y = a
    if a == 336:
        x = a
    else:
        y = a
    if a == 337:
        x = a
    else:
        y = a
    if a == 338:
        x = a
    else:
        y = a
    if a == 339:
        x = a
    else:
        y = a
    if a == 340:
        x = a
    else:
        y = a
    if a == 341:
        x = a
    else:
        y = a
    if a == 342:
        x = a
    else:
        y = a
    if a == 343:
        x = a
    else:
        y = a
    if a == 344:
        x = a
    else:
        y = a
    if a == 345:
        x = a
    else:
        y = a
    if a == 346:
        x = a
    else:
        y = a
    if a == 347:
        x = a
    else:
        y = a
    if a == 348:
        x = a
    else:
        y = a
    if a == 349:
        x = a
    else:
        y = a
    if a == 350:
        x = a
    else:
        y = a
    if a == 351:
        x = a
    else:
        y = a
    if a == 352:
        x = a
    else:
        y = a
    if a == 353:
        x = a
    else:
        y = a
    if a == 354:
        x = a
    else:
        y = a
    if a == 355:
        x = a
    else:
        y = a
    if a == 356:
        x = a
    else:
        y = a
    if a == 357:
        x = a
    else:
        y = a
    if a == 358:
        x = a
    else:
        y = a
    if a == 359:
        x = a
    else:
        y = a
    if a == 360:
        x = a
    else:
        y = a
    if a == 361:
        x = a
    else:
        y = a
    if a == 362:
        x = a
    else:
        y = a
    if a == 363:
        x = a
    else:
        y = a
    if a == 364:
        x = a
    else:
        y = a
    if a == 365:
        x = a
    else:
        y = a
    if a == 366:
        x = a
    else:
        y = a
    if a == 367:
        x = a
    else:
        y = a
    if a == 368:
        x = a
    else:
        y = a
    if a == 369:
        x = a
    else:
        y = a
    if a == 370:
        x = a
    else:
        y = a
    if a == 371:
        x = a
    else:
        y = a
    if a == 372:
        x = a
    else:
        y = a
    if a == 373:
        x = a
    else:
        y = a
    if a == 374:
        x = a
    else:
        y = a
    if a == 375:
        x = a
    else:
        y = a
    if a == 376:
        x = a
    else:
        y = a
    if a == 377:
        x = a
    else:
        y = a
    if a == 378:
        x = a
    else:
        y = a
    if a == 379:
        x = a
    else:
        y = a
    if a == 380:
        x = a
    else:
        y = a
    if a == 381:
        x = a
    else:
        y = a
    if a == 382:
        x = a
    else:
        y = a
    if a == 383:
        x = a
    else:
        y = a
    if a == 384:
        x = a
    else:
        y = a
    if a == 385:
        x = a
    else:
        y = a
    if a == 386:
        x = a
    else:
        y = a
    if a == 387:
        x = a
    else:
        y = a
    if a == 388:
        x = a
    else:
        y = a
    if a == 389:
        x = a
    else:
        y = a
    if a == 390:
        x = a
    else:
        y = a
    if a == 391:
        x = a
    else:
        y = a
    if a == 392:
        x = a
    else:
        y = a
    if a == 393:
        x = a
    else:
        y = a
    if a == 394:
        x = a
    else:
        y = a
    if a == 395:
        x = a
    else:
        y = a
    if a == 396:
        x = a
    else:
        y = a
    if a == 397:
        x = a
    else:
        y = a
    if a == 398:
        x = a
    else:
        y = a
    if a == 399:
        x = a
    else:
        y = a
    if a == 400:
        x = a
    else:
        y = a
    if a == 401:
        x = a
    else:
        y = a
    if a == 402:
        x = a
    else:
        y = a
    if a == 403:
        x = a
    else:
        y = a
    if a == 404:
        x = a
    else:
        y = a
    if a == 405:
        x = a
    else:
        y = a
    if a == 406:
        x = a
    else:
        y = a
    if a == 407:
        x = a
    else:
        y = a
    if a == 408:
        x = a
    else:
        y = a
    if a == 409:
        x = a
    else:
        y = a
    if a == 410:
        x = a
    else:
        y = a
    if a == 411:
        x = a
    else:
        y = a
    if a == 412:
        x = a
    else:
        y = a
    if a == 413:
        x = a
    else:
        y = a
    if a == 414:
        x = a
    else:
        y = a
    if a == 415:
        x = a
    else:
        y = a
    if a == 416:
        x = a
    else:
        y = a
    if a == 417:
        x = a
    else:
        y = a
    if a == 418:
        x = a
    else:
        y = a
    if a == 419:
        x = a
    else:
        y = a
    if a == 420:
        x = a
    else:
        y = a
    if a == 421:
        x = a
    else:
        y = a
    if a == 422:
        x = a
    else:
        y = a
    if a == 423:
        x = a
    else:
        y = a
    if a == 424:
        x = a
    else:
        y = a
    if a == 425:
        x = a
    else:
        y = a
    if a == 426:
        x = a
    else:
        y = a
    if a == 427:
        x = a
    else:
        y = a
    if a == 428:
        x = a
    else:
        y = a
    if a == 429:
        x = a
    else:
        y = a
    if a == 430:
        x = a
    else:
        y = a
    if a == 431:
        x = a
    else:
        y = a
    if a == 432:
        x = a
    else:
        y = a
    if a == 433:
        x = a
    else:
        y = a
    if a == 434:
        x = a
    else:
        y = a
    if a == 435:
        x = a
    else:
        y = a
    if a == 436:
        x = a
    else:
        y = a
    if a == 437:
        x = a
    else:
        y = a
    if a == 438:
        x = a
    else:
        y = a
    if a == 439:
        x = a
    else:
        y = a
    if a == 440:
        x = a
    else:
        y = a
    if a == 441:
        x = a
    else:
        y = a
    if a == 442:
        x = a
    else:
        y = a
    if a == 443:
        x = a
    else:
        y = a
    if a == 444:
        x = a
    else:
        y = a
    if a == 445:
        x = a
    else:
        y = a
    if a == 446:
        x = a
    else:
        y = a
    if a == 447:
        x = a
    else:
        y = a
    if a == 448:
        x = a
    else:
        y = a
    if a == 449:
        x = a
    else:
        y = a
    if a == 450:
        x = a
    else:
        y = a
    if a == 451:
        x = a
    else:
        y = a
    if a == 452:
        x = a
    else:
        y = a
    if a == 453:
        x = a
    else:
        y = a
    if a == 454:
        x = a
    else:
        y = a
    if a == 455:
        x = a
    else:
        y = a
    if a == 456:
        x = a
    else:
        y = a
    if a == 457:
        x = a
    else:
        y = a
    if a == 458:
        x = a
    else:
        y = a
    if a == 459:
        x = a
    else:
        y = a
    if a == 460:
        x = a
    else:
        y = a
    if a == 461:
        x = a
    else:
        y = a
    if a == 462:
        x = a
    else:
        y = a
    if a == 463:
        x = a
    else:
        y = a
    if a == 464:
        x = a
    else:
        y = a
    if a == 465:
        x = a
    else:
        y = a
    if a == 466:
        x = a
    else:
        y = a
    if a == 467:
        x = a
    else:
        y = a
    if a == 468:
        x = a
    else:
        y = a
    if a == 469:
        x = a
    else:
        y = a
    if a == 470:
        x = a
    else:
        y = a
    if a == 471:
        x = a
    else:
        y = a
    if a == 472:
        x = a
    else:
        y = a
    if a == 473:
        x = a
    else:
        y = a
    if a == 474:
        x = a
    else:
        y = a
    if a == 475:
        x = a
    else:
        y = a
    if a == 476:
        x = a
    else:
        y = a
    if a == 477:
        x = a
    else:
        y = a
    if a == 478:
        x = a
    else:
        y = a
    if a == 479:
        x = a
    else:
        y = a
    if a == 480:
        x = a
    else:
        y = a
    if a == 481:
        x = a
    else:
        y = a
    if a == 482:
        x = a
    else:
        y = a
    if a == 483:
        x = a
    else:
        y = a
    if a == 484:
        x = a
    else:
        y = a
    if a == 485:
        x = a
    else:
        y = a
    if a == 486:
        x = a
    else:
        y = a
    if a == 487:
        x = a
    else:
        y = a
    if a == 488:
        x = a
    else:
        y = a
    if a == 489:
        x = a
    else:
        y = a
    if a == 490:
        x = a
    else:
        y = a
    if a == 491:
        x = a
    else:
        y = a
    if a == 492:
        x = a
    else:
        y = a
    if a == 493:
        x = a
    else:
        y = a
    if a == 494:
        x = a
    else:
        y = a
    if a == 495:
        x = a
    else:
        y = a
    if a == 496:
        x = a
    else:
        y = a
    if a == 497:
        x = a
    else:
        y = a
    if a == 498:
        x = a
    else:
        y = a
    if a == 499:
        x = a
    else:
        y = a
    if a == 500:
        x = a
    else:
        y = a
    if a == 501:
        x = a
    else:
        y = a
    if a == 502:
        x = a
    else:
        y = a
    if a == 503:
        x = a
    else:
        y = a
    if a == 504:
        x = a
    else:
        y = a
    if a == 505:
        x = a
    else:
        y = a
    if a == 506:
        x = a
    else:
        y = a
    if a == 507:
        x = a
    else:
        y = a
    if a == 508:
        x = a
    else:
        y = a
    if a == 509:
        x = a
    else:
        y = a
    if a == 510:
        x = a
    else:
        y = a
    if a == 511:
        x = a
    else:
        y = a
    if a == 512:
        x = a
    else:
        y = a
    if a == 513:
        x = a
    else:
        y = a
    if a == 514:
        x = a
    else:
        y = a
    if a == 515:
        x = a
    else:
        y = a
    if a == 516:
        x = a
    else:
        y = a
    if a == 517:
        x = a
    else:
        y = a
    if a == 518:
        x = a
    else:
        y = a
    if a == 519:
        x = a
    else:
        y = a
    if a == 520:
        x = a
    else:
        y = a
    if a == 521:
        x = a
    else:
        y = a
    if a == 522:
        x = a
    else:
        y = a
    if a == 523:
        x = a
    else:
        y = a
    if a == 524:
        x = a
    else:
        y = a
    if a == 525:
        x = a
    else:
        y = a
    if a == 526:
        x = a
    else:
        y = a
    if a == 527:
        x = a
    else:
        y = a
    if a == 528:
        x = a
    else:
        y = a
    if a == 529:
        x = a
    else:
        y = a
    if a == 530:
        x = a
    else:
        y = a
    if a == 531:
        x = a
    else:
        y = a
    if a == 532:
        x = a
    else:
        y = a
    if a == 533:
        x = a
    else:
        y = a
    if a == 534:
        x = a
    else:
        y = a
    if a == 535:
        x = a
    else:
        y = a
    if a == 536:
        x = a
    else:
        y = a
    if a == 537:
        x = a
    else:
        y = a
    if a == 538:
        x = a
    else:
        y = a
    if a == 539:
        x = a
    else:
        y = a
    if a == 540:
        x = a
    else:
        y = a
    if a == 541:
        x = a
    else:
        y = a
    if a == 542:
        x = a
    else:
        y = a
    if a == 543:
        x = a
    else:
        y = a
    if a == 544:
        x = a
    else:
        y = a
    if a == 545:
        x = a
    else:
        y = a
    if a == 546:
        x = a
    else:
        y = a
    if a == 547:
        x = a
    else:
        y = a
    if a == 548:
        x = a
    else:
        y = a
    if a == 549:
        x = a
    else:
        y = a
    if a == 550:
        x = a
    else:
        y = a
    if a == 551:
        x = a
    else:
        y = a
    if a == 552:
        x = a
    else:
        y = a
    if a == 553:
        x = a
    else:
        y = a
    if a == 554:
        x = a
    else:
        y = a
    if a == 555:
        x = a
    else:
        y = a
    if a == 556:
        x = a
    else:
        y = a
    if a == 557:
        x = a
    else:
        y = a
    if a == 558:
        x = a
    else:
        y = a
    if a == 559:
        x = a
    else:
        y = a
    if a == 560:
        x = a
    else:
        y = a
    if a == 561:
        x = a
    else:
        y = a
    if a == 562:
        x = a
    else:
        y = a
    if a == 563:
        x = a
    else:
        y = a
    if a == 564:
        x = a
    else:
        y = a
    if a == 565:
        x = a
    else:
        y = a
    if a == 566:
        x = a
    else:
        y = a
    if a == 567:
        x = a
    else:
        y = a
    if a == 568:
        x = a
    else:
        y = a
    if a == 569:
        x = a
    else:
        y = a
    if a == 570:
        x = a
    else:
        y = a
    if a == 571:
        x = a
    else:
        y = a
    if a == 572:
        x = a
    else:
        y = a
    if a == 573:
        x = a
    else:
        y = a
    if a == 574:
        x = a
    else:
        y = a
    if a == 575:
        x = a
    else:
        y = a
    if a == 576:
        x = a
    else:
        y = a
    if a == 577:
        x = a
    else:
        y = a
    if a == 578:
        x = a
    else:
        y = a
    if a == 579:
        x = a
    else:
        y = a
    if a == 580:
        x = a
    else:
        y = a
    if a == 581:
        x = a
    else:
        y = a
    if a == 582:
        x = a
    else:
        y = a
    if a == 583:
        x = a
    else:
        y = a
    if a == 584:
        x = a
    else:
        y = a
    if a == 585:
        x = a
    else:
        y = a
    if a == 586:
        x = a
    else:
        y = a
    if a == 587:
        x = a
    else:
        y = a
    if a == 588:
        x = a
    else:
        y = a
    if a == 589:
        x = a
    else:
        y = a
    if a == 590:
        x = a
    else:
        y = a
    if a == 591:
        x = a
    else:
        y = a
    if a == 592:
        x = a
    else:
        y = a
    if a == 593:
        x = a
    else:
        y = a
    if a == 594:
        x = a
    else:
        y = a
    if a == 595:
        x = a
    else:
        y = a
    if a == 596:
        x = a
    else:
        y = a
    if a == 597:
        x = a
    else:
        y = a
    if a == 598:
        x = a
    else:
        y = a
    if a == 599:
        x = a
    else:
        y = a
    if a == 600:
        x = a
    else:
        y = a
    if a == 601:
        x = a
    else:
        y = a
    if a == 602:
        x = a
    else:
        y = a
    if a == 603:
        x = a
    else:
        y = a
    if a == 604:
        x = a
    else:
        y = a
    if a == 605:
        x = a
    else:
        y = a
    if a == 606:
        x = a
    else:
        y = a
    if a == 607:
        x = a
    else:
        y = a
    if a == 608:
        x = a
    else:
        y = a
    if a == 609:
        x = a
    else:
        y = a
    if a == 610:
        x = a
    else:
        y = a
    if a == 611:
        x = a
    else:
        y = a
    if a == 612:
        x = a
    else:
        y = a
    if a == 613:
        x = a
    else:
        y = a
    if a == 614:
        x = a
    else:
        y = a
    if a == 615:
        x = a
    else:
        y = a
    if a == 616:
        x = a
    else:
        y = a
    if a == 617:
        x = a
    else:
        y = a
    if a == 618:
        x = a
    else:
        y = a
    if a == 619:
        x = a
    else:
        y = a
    if a == 620:
        x = a
    else:
        y = a
    if a == 621:
        x = a
    else:
        y = a
    if a == 622:
        x = a
    else:
        y = a
    if a == 623:
        x = a
    else:
        y = a
    if a == 624:
        x = a
    else:
        y = a
    if a == 625:
        x = a
    else:
        y = a
    if a == 626:
        x = a
    else:
        y = a
    if a == 627:
        x = a
    else:
        y = a
    if a == 628:
        x = a
    else:
        y = a
    if a == 629:
        x = a
    else:
        y = a
    if a == 630:
        x = a
    else:
        y = a
    if a == 631:
        x = a
    else:
        y = a
    if a == 632:
        x = a
    else:
        y = a
    if a == 633:
        x = a
    else:
        y = a
    if a == 634:
        x = a
    else:
        y = a
    if a == 635:
        x = a
    else:
        y = a
    if a == 636:
        x = a
    else:
        y = a
    if a == 637:
        x = a
    else:
        y = a
    if a == 638:
        x = a
    else:
        y = a
    if a == 639:
        x = a
    else:
        y = a
    if a == 640:
        x = a
    else:
        y = a
    if a == 641:
        x = a
    else:
        y = a
    if a == 642:
        x = a
    else:
        y = a
    if a == 643:
        x = a
    else:
        y = a
    if a == 644:
        x = a
    else:
        y = a
    if a == 645:
        x = a
    else:
        y = a
    if a == 646:
        x = a
    else:
        y = a
    if a == 647:
        x = a
    else:
        y = a
    if a == 648:
        x = a
    else:
        y = a
    if a == 649:
        x = a
    else:
        y = a
    if a == 650:
        x = a
    else:
        y = a
    if a == 651:
        x = a
    else:
        y = a
    if a == 652:
        x = a
    else:
        y = a
    if a == 653:
        x = a
    else:
        y = a
    if a == 654:
        x = a
    else:
        y = a
    if a == 655:
        x = a
    else:
        y = a
    if a == 656:
        x = a
    else:
        y = a
    if a == 657:
        x = a
    else:
        y = a
    if a == 658:
        x = a
    else:
        y = a
    if a == 659:
        x = a
    else:
        y = a
    if a == 660:
        x = a
    else:
        y = a
    if a == 661:
        x = a
    else:
        y = a
    if a == 662:
        x = a
    else:
        y = a
    if a == 663:
        x = a
    else:
        y = a
    if a == 664:
        x = a
    else:
        y = a
    if a == 665:
        x = a
    else:
        y = a
    if a == 666:
        x = a
    else:
        y = a
    if a == 667:
        x = a
    else:
        y = a
    if a == 668:
        x = a
    else:
        y = a
    if a == 669:
        x = a
    else:
        y = a
    if a == 670:
        x = a
    else:
        y = a
    if a == 671:
        x = a
    else:
        y = a
    if a == 672:
        x = a
    else:
        y = a
    if a == 673:
        x = a
    else:
        y = a
    if a == 674:
        x = a
    else:
        y = a
    if a == 675:
        x = a
    else:
        y = a
    if a == 676:
        x = a
    else:
        y = a
    if a == 677:
        x = a
    else:
        y = a
    if a == 678:
        x = a
    else:
        y = a
    if a == 679:
        x = a
    else:
        y = a
    if a == 680:
        x = a
    else:
        y = a
    if a == 681:
        x = a
    else:
        y = a
    if a == 682:
        x = a
    else:
        y = a
    if a == 683:
        x = a
    else:
        y = a
    if a == 684:
        x = a
    else:
        y = a
    if a == 685:
        x = a
    else:
        y = a
    if a == 686:
        x = a
    else:
        y = a
    if a == 687:
        x = a
    else:
        y = a
    if a == 688:
        x = a
    else:
        y = a
    if a == 689:
        x = a
    else:
        y = a
    if a == 690:
        x = a
    else:
        y = a
    if a == 691:
        x = a
    else:
        y = a
    if a == 692:
        x = a
    else:
        y = a
    if a == 693:
        x = a
    else:
        y = a
    if a == 694:
        x = a
    else:
        y = a
    if a == 695:
        x = a
    else:
        y = a
    if a == 696:
        x = a
    else:
        y = a
    if a == 697:
        x = a
    else:
        y = a
    if a == 698:
        x = a
    else:
        y = a
    if a == 699:
        x = a
    else:
        y = a
