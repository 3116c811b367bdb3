def f(a):  # FINDING
    if a == 0:
        x0 = a
    else:
        y0 = a
    if a == 1:
        x1 = a
    else:
        y1 = a
    if a == 2:
        x2 = a
    else:
        y2 = a
    if a == 3:
        x3 = a
    else:
        y3 = a
    if a == 4:
        x4 = a
    else:
        y4 = a
    if a == 5:
        x5 = a
    else:
        y5 = a
    if a == 6:
        x6 = a
    else:
        y6 = a
    if a == 7:
        x7 = a
    else:
        y7 = a
    if a == 8:
        x8 = a
    else:
        y8 = a
    if a == 9:
        x9 = a
    else:
        y9 = a
    if a == 10:
        x10 = a
    else:
        y10 = a
    if a == 11:
        x11 = a
    else:
        y11 = a
    if a == 12:
        x12 = a
    else:
        y12 = a
    if a == 13:
        x13 = a
    else:
        y13 = a
    if a == 14:
        x14 = a
    else:
        y14 = a
    if a == 15:
        x15 = a
    else:
        y15 = a
    if a == 16:
        x16 = a
    else:
        y16 = a
    if a == 17:
        x17 = a
    else:
        y17 = a
    if a == 18:
        x18 = a
    else:
        y18 = a
    if a == 19:
        x19 = a
    else:
        y19 = a
    if a == 20:
        x20 = a
    else:
        y20 = a
    if a == 21:
        x21 = a
    else:
        y21 = a
    if a == 22:
        x22 = a
    else:
        y22 = a
    if a == 23:
        x23 = a
    else:
        y23 = a
    if a == 24:
        x24 = a
    else:
        y24 = a
    if a == 25:
        x25 = a
    else:
        y25 = a
    if a == 26:
        x26 = a
    else:
        y26 = a
    if a == 27:
        x27 = a
    else:
        y27 = a
    if a == 28:
        x28 = a
    else:
        y28 = a
    if a == 29:
        x29 = a
    else:
        y29 = a
    if a == 30:
        x30 = a
    else:
        y30 = a
    if a == 31:
        x31 = a
    else:
        y31 = a
    if a == 32:
        x32 = a
    else:
        y32 = a
    if a == 33:
        x33 = a
    else:
        y33 = a
    if a == 34:
        x34 = a
    else:
        y34 = a
    if a == 35:
        x35 = a
    else:
        y35 = a
    if a == 36:
        x36 = a
    else:
        y36 = a
    if a == 37:
        x37 = a
    else:
        y37 = a
    if a == 38:
        x38 = a
    else:
        y38 = a
    if a == 39:
        x39 = a
    else:
        y39 = a
    if a == 40:
        x40 = a
    else:
        y40 = a
    if a == 41:
        x41 = a
    else:
        y41 = a
    if a == 42:
        x42 = a
    else:
        y42 = a
    if a == 43:
        x43 = a
    else:
        y43 = a
    if a == 44:
        x44 = a
    else:
        y44 = a
    if a == 45:
        x45 = a
    else:
        y45 = a
    if a == 46:
        x46 = a
    else:
        y46 = a
    if a == 47:
        x47 = a
    else:
        y47 = a
    if a == 48:
        x48 = a
    else:
        y48 = a
    if a == 49:
        x49 = a
    else:
        y49 = a
    if a == 50:
        x50 = a
    else:
        y50 = a
    if a == 51:
        x51 = a
    else:
        y51 = a
    if a == 52:
        x52 = a
    else:
        y52 = a
    if a == 53:
        x53 = a
    else:
        y53 = a
    if a == 54:
        x54 = a
    else:
        y54 = a
    if a == 55:
        x55 = a
    else:
        y55 = a
    if a == 56:
        x56 = a
    else:
        y56 = a
    if a == 57:
        x57 = a
    else:
        y57 = a
    if a == 58:
        x58 = a
    else:
        y58 = a
    if a == 59:
        x59 = a
    else:
        y59 = a
    if a == 60:
        x60 = a
    else:
        y60 = a
    if a == 61:
        x61 = a
    else:
        y61 = a
    if a == 62:
        x62 = a
    else:
        y62 = a
    if a == 63:
        x63 = a
    else:
        y63 = a
    if a == 64:
        x64 = a
    else:
        y64 = a
    if a == 65:
        x65 = a
    else:
        y65 = a
    if a == 66:
        x66 = a
    else:
        y66 = a
    if a == 67:
        x67 = a
    else:
        y67 = a
    if a == 68:
        x68 = a
    else:
        y68 = a
    if a == 69:
        x69 = a
    else:
        y69 = a
    if a == 70:
        x70 = a
    else:
        y70 = a
    if a == 71:
        x71 = a
    else:
        y71 = a
    if a == 72:
        x72 = a
    else:
        y72 = a
    if a == 73:
        x73 = a
    else:
        y73 = a
    if a == 74:
        x74 = a
    else:
        y74 = a
    if a == 75:
        x75 = a
    else:
        y75 = a
    if a == 76:
        x76 = a
    else:
        y76 = a
    if a == 77:
        x77 = a
    else:
        y77 = a
    if a == 78:
        x78 = a
    else:
        y78 = a
    if a == 79:
        x79 = a
    else:
        y79 = a
    if a == 80:
        x80 = a
    else:
        y80 = a
    if a == 81:
        x81 = a
    else:
        y81 = a
    if a == 82:
        x82 = a
    else:
        y82 = a
    if a == 83:
        x83 = a
    else:
        y83 = a
    if a == 84:
        x84 = a
    else:
        y84 = a
    if a == 85:
        x85 = a
    else:
        y85 = a
    if a == 86:
        x86 = a
    else:
        y86 = a
    if a == 87:
        x87 = a
    else:
        y87 = a
    if a == 88:
        x88 = a
    else:
        y88 = a
    if a == 89:
        x89 = a
    else:
        y89 = a
    if a == 90:
        x90 = a
    else:
        y90 = a
    if a == 91:
        x91 = a
    else:
        y91 = a
    if a == 92:
        x92 = a
    else:
        y92 = a
    if a == 93:
        x93 = a
    else:
        y93 = a
    if a == 94:
        x94 = a
    else:
        y94 = a
    if a == 95:
        x95 = a
    else:
        y95 = a
    if a == 96:
        x96 = a
    else:
        y96 = a
    if a == 97:
        x97 = a
    else:
        y97 = a
    if a == 98:
        x98 = a
    else:
        y98 = a
    if a == 99:
        x99 = a
    else:
        y99 = a
    if a == 100:
        x100 = a
    else:
        y100 = a
    if a == 101:
        x101 = a
    else:
        y101 = a
    if a == 102:
        x102 = a
    else:
        y102 = a
    if a == 103:
        x103 = a
    else:
        y103 = a
    if a == 104:
        x104 = a
    else:
        y104 = a
    if a == 105:
        x105 = a
    else:
        y105 = a
    if a == 106:
        x106 = a
    else:
        y106 = a
    if a == 107:
        x107 = a
    else:
        y107 = a
    if a == 108:
        x108 = a
    else:
        y108 = a
    if a == 109:
        x109 = a
    else:
        y109 = a
    if a == 110:
        x110 = a
    else:
        y110 = a
    if a == 111:
        x111 = a
    else:
        y111 = a
    if a == 112:
        x112 = a
    else:
        y112 = a
    if a == 113:
        x113 = a
    else:
        y113 = a
    if a == 114:
        x114 = a
    else:
        y114 = a
    if a == 115:
        x115 = a
    else:
        y115 = a
    if a == 116:
        x116 = a
    else:
        y116 = a
    if a == 117:
        x117 = a
    else:
        y117 = a
    if a == 118:
        x118 = a
    else:
        y118 = a
    if a == 119:
        x119 = a
    else:
        y119 = a
    if a == 120:
        x120 = a
    else:
        y120 = a
    if a == 121:
        x121 = a
    else:
        y121 = a
    if a == 122:
        x122 = a
    else:
        y122 = a
    if a == 123:
        x123 = a
    else:
        y123 = a
    if a == 124:
        x124 = a
    else:
        y124 = a
    if a == 125:
        x125 = a
    else:
        y125 = a
    if a == 126:
        x126 = a
    else:
        y126 = a
    if a == 127:
        x127 = a
    else:
        y127 = a
    if a == 128:
        x128 = a
    else:
        y128 = a
    if a == 129:
        x129 = a
    else:
        y129 = a
    if a == 130:
        x130 = a
    else:
        y130 = a
    if a == 131:
        x131 = a
    else:
        y131 = a
    if a == 132:
        x132 = a
    else:
        y132 = a
    if a == 133:
        x133 = a
    else:
        y133 = a
    if a == 134:
        x134 = a
    else:
        y134 = a
    if a == 135:
        x135 = a
    else:
        y135 = a
    if a == 136:
        x136 = a
    else:
        y136 = a
    if a == 137:
        x137 = a
    else:
        y137 = a
    if a == 138:
        x138 = a
    else:
        y138 = a
    if a == 139:
        x139 = a
    else:
        y139 = a
    if a == 140:
        x140 = a
    else:
        y140 = a
    if a == 141:
        x141 = a
    else:
        y141 = a
    if a == 142:
        x142 = a
    else:
        y142 = a
    if a == 143:
        x143 = a
    else:
        y143 = a
    if a == 144:
        x144 = a
    else:
        y144 = a
    if a == 145:
        x145 = a
    else:
        y145 = a
    if a == 146:
        x146 = a
    else:
        y146 = a
    if a == 147:
        x147 = a
    else:
        y147 = a
    if a == 148:
        x148 = a
    else:
        y148 = a
    if a == 149:
        x149 = a
    else:
        y149 = a
    if a == 150:
        x150 = a
    else:
        y150 = a
    if a == 151:
        x151 = a
    else:
        y151 = a
    if a == 152:
        x152 = a
    else:
        y152 = a
    if a == 153:
        x153 = a
    else:
        y153 = a
    if a == 154:
        x154 = a
    else:
        y154 = a
    if a == 155:
        x155 = a
    else:
        y155 = a
    if a == 156:
        x156 = a
    else:
        y156 = a
    if a == 157:
        x157 = a
    else:
        y157 = a
    if a == 158:
        x158 = a
    else:
        y158 = a
    if a == 159:
        x159 = a
    else:
        y159 = a
    if a == 160:
        x160 = a
    else:
        y160 = a
    if a == 161:
        x161 = a
    else:
        y161 = a
    if a == 162:
        x162 = a
    else:
        y162 = a
    if a == 163:
        x163 = a
    else:
        y163 = a
    if a == 164:
        x164 = a
    else:
        y164 = a
    if a == 165:
        x165 = a
    else:
        y165 = a
    if a == 166:
        x166 = a
    else:
        y166 = a
    if a == 167:
        x167 = a
    else:
        y167 = a
    if a == 168:
        x168 = a
    else:
        y168 = a
    if a == 169:
        x169 = a
    else:
        y169 = a
    if a == 170:
        x170 = a
    else:
        y170 = a
    if a == 171:
        x171 = a
    else:
        y171 = a
    if a == 172:
        x172 = a
    else:
        y172 = a
    if a == 173:
        x173 = a
    else:
        y173 = a
    if a == 174:
        x174 = a
    else:
        y174 = a
    if a == 175:
        x175 = a
    else:
        y175 = a
    if a == 176:
        x176 = a
    else:
        y176 = a
    if a == 177:
        x177 = a
    else:
        y177 = a
    if a == 178:
        x178 = a
    else:
        y178 = a
    if a == 179:
        x179 = a
    else:
        y179 = a
    if a == 180:
        x180 = a
    else:
        y180 = a
    if a == 181:
        x181 = a
    else:
        y181 = a
    if a == 182:
        x182 = a
    else:
        y182 = a
    if a == 183:
        x183 = a
    else:
        y183 = a
    if a == 184:
        x184 = a
    else:
        y184 = a
    if a == 185:
        x185 = a
    else:
        y185 = a
    if a == 186:
        x186 = a
    else:
        y186 = a
    if a == 187:
        x187 = a
    else:
        y187 = a
    if a == 188:
        x188 = a
    else:
        y188 = a
    if a == 189:
        x189 = a
    else:
        y189 = a
    if a == 190:
        x190 = a
    else:
        y190 = a
    if a == 191:
        x191 = a
    else:
        y191 = a
    if a == 192:
        x192 = a
    else:
        y192 = a
    if a == 193:
        x193 = a
    else:
        y193 = a
    if a == 194:
        x194 = a
    else:
        y194 = a
    if a == 195:
        x195 = a
    else:
        y195 = a
    if a == 196:
        x196 = a
    else:
        y196 = a
    if a == 197:
        x197 = a
    else:
        y197 = a
    if a == 198:
        x198 = a
    else:
        y198 = a
    if a == 199:
        x199 = a
    else:
        y199 = a
    if a == 200:
        x200 = a
    else:
        y200 = a
    if a == 201:
        x201 = a
    else:
        y201 = a
    if a == 202:
        x202 = a
    else:
        y202 = a
    if a == 203:
        x203 = a
    else:
        y203 = a
    if a == 204:
        x204 = a
    else:
        y204 = a
    if a == 205:
        x205 = a
    else:
        y205 = a
    if a == 206:
        x206 = a
    else:
        y206 = a
    if a == 207:
        x207 = a
    else:
        y207 = a
    if a == 208:
        x208 = a
    else:
        y208 = a
    if a == 209:
        x209 = a
    else:
        y209 = a
    if a == 210:
        x210 = a
    else:
        y210 = a
    if a == 211:
        x211 = a
    else:
        y211 = a
    if a == 212:
        x212 = a
    else:
        y212 = a
    if a == 213:
        x213 = a
    else:
        y213 = a
    if a == 214:
        x214 = a
    else:
        y214 = a
    if a == 215:
        x215 = a
    else:
        y215 = a
    if a == 216:
        x216 = a
    else:
        y216 = a
    if a == 217:
        x217 = a
    else:
        y217 = a
    if a == 218:
        x218 = a
    else:
        y218 = a
    if a == 219:
        x219 = a
    else:
        y219 = a
    if a == 220:
        x220 = a
    else:
        y220 = a
    if a == 221:
        x221 = a
    else:
        y221 = a
    if a == 222:
        x222 = a
    else:
        y222 = a
    if a == 223:
        x223 = a
    else:
        y223 = a
    if a == 224:
        x224 = a
    else:
        y224 = a
    if a == 225:
        x225 = a
    else:
        y225 = a
    if a == 226:
        x226 = a
    else:
        y226 = a
    if a == 227:
        x227 = a
    else:
        y227 = a
    if a == 228:
        x228 = a
    else:
        y228 = a
    if a == 229:
        x229 = a
    else:
        y229 = a
    if a == 230:
        x230 = a
    else:
        y230 = a
    if a == 231:
        x231 = a
    else:
        y231 = a
    if a == 232:
        x232 = a
    else:
        y232 = a
    if a == 233:
        x233 = a
    else:
        y233 = a
    if a == 234:
        x234 = a
    else:
        y234 = a
    if a == 235:
        x235 = a
    else:
        y235 = a
    if a == 236:
        x236 = a
    else:
        y236 = a
    if a == 237:
        x237 = a
    else:
        y237 = a
    if a == 238:
        x238 = a
    else:
        y238 = a
    if a == 239:
        x239 = a
    else:
        y239 = a
    if a == 240:
        x240 = a
    else:
        y240 = a
    if a == 241:
        x241 = a
    else:
        y241 = a
    if a == 242:
        x242 = a
    else:
        y242 = a
    if a == 243:
        x243 = a
    else:
        y243 = a
    if a == 244:
        x244 = a
    else:
        y244 = a
    if a == 245:
        x245 = a
    else:
        y245 = a
    if a == 246:
        x246 = a
    else:
        y246 = a
    if a == 247:
        x247 = a
    else:
        y247 = a
    if a == 248:
        x248 = a
    else:
        y248 = a
    if a == 249:
        x249 = a
    else:
        y249 = a
    if a == 250:
        x250 = a
    else:
        y250 = a
    if a == 251:
        x251 = a
    else:
        y251 = a
    if a == 252:
        x252 = a
    else:
        y252 = a
    if a == 253:
        x253 = a
    else:
        y253 = a
    if a == 254:
        x254 = a
    else:
        y254 = a
    if a == 255:
        x255 = a
    else:
        y255 = a
    if a == 256:
        x256 = a
    else:
        y256 = a
    if a == 257:
        x257 = a
    else:
        y257 = a
    if a == 258:
        x258 = a
    else:
        y258 = a
    if a == 259:
        x259 = a
    else:
        y259 = a
    if a == 260:
        x260 = a
    else:
        y260 = a
    if a == 261:
        x261 = a
    else:
        y261 = a
    if a == 262:
        x262 = a
    else:
        y262 = a
    if a == 263:
        x263 = a
    else:
        y263 = a
    if a == 264:
        x264 = a
    else:
        y264 = a
    if a == 265:
        x265 = a
    else:
        y265 = a
    if a == 266:
        x266 = a
    else:
        y266 = a
    if a == 267:
        x267 = a
    else:
        y267 = a
    if a == 268:
        x268 = a
    else:
        y268 = a
    if a == 269:
        x269 = a
    else:
        y269 = a
    if a == 270:
        x270 = a
    else:
        y270 = a
    if a == 271:
        x271 = a
    else:
        y271 = a
    if a == 272:
        x272 = a
    else:
        y272 = a
    if a == 273:
        x273 = a
    else:
        y273 = a
    if a == 274:
        x274 = a
    else:
        y274 = a
    if a == 275:
        x275 = a
    else:
        y275 = a
    if a == 276:
        x276 = a
    else:
        y276 = a
    if a == 277:
        x277 = a
    else:
        y277 = a
    if a == 278:
        x278 = a
    else:
        y278 = a
    if a == 279:
        x279 = a
    else:
        y279 = a
    if a == 280:
        x280 = a
    else:
        y280 = a
    if a == 281:
        x281 = a
    else:
        y281 = a
    if a == 282:
        x282 = a
    else:
        y282 = a
    if a == 283:
        x283 = a
    else:
        y283 = a
    if a == 284:
        x284 = a
    else:
        y284 = a
    if a == 285:
        x285 = a
    else:
        y285 = a
    if a == 286:
        x286 = a
    else:
        y286 = a
    if a == 287:
        x287 = a
    else:
        y287 = a
    if a == 288:
        x288 = a
    else:
        y288 = a
    if a == 289:
        x289 = a
    else:
        y289 = a
    if a == 290:
        x290 = a
    else:
        y290 = a
    if a == 291:
        x291 = a
    else:
        y291 = a
    if a == 292:
        x292 = a
    else:
        y292 = a
    if a == 293:
        x293 = a
    else:
        y293 = a
    if a == 294:
        x294 = a
    else:
        y294 = a
    if a == 295:
        x295 = a
    else:
        y295 = a
    if a == 296:
        x296 = a
    else:
        y296 = a
    if a == 297:
        x297 = a
    else:
        y297 = a
    if a == 298:
        x298 = a
    else:
        y298 = a
    if a == 299:
        x299 = a
    else:
        y299 = a
    if a == 300:
        x300 = a
    else:
        y300 = a
    if a == 301:
        x301 = a
    else:
        y301 = a
    if a == 302:
        x302 = a
    else:
        y302 = a
    if a == 303:
        x303 = a
    else:
        y303 = a
    if a == 304:
        x304 = a
    else:
        y304 = a
    if a == 305:
        x305 = a
    else:
        y305 = a
    if a == 306:
        x306 = a
    else:
        y306 = a
    if a == 307:
        x307 = a
    else:
        y307 = a
    if a == 308:
        x308 = a
    else:
        y308 = a
    if a == 309:
        x309 = a
    else:
        y309 = a
    if a == 310:
        x310 = a
    else:
        y310 = a
    if a == 311:
        x311 = a
    else:
        y311 = a
    if a == 312:
        x312 = a
    else:
        y312 = a
    if a == 313:
        x313 = a
    else:
        y313 = a
    if a == 314:
        x314 = a
    else:
        y314 = a
    if a == 315:
        x315 = a
    else:
        y315 = a
    if a == 316:
        x316 = a
    else:
        y316 = a
    if a == 317:
        x317 = a
    else:
        y317 = a
    if a == 318:
        x318 = a
    else:
        y318 = a
    if a == 319:
        x319 = a
    else:
        y319 = a
    if a == 320:
        x320 = a
    else:
        y320 = a
    if a == 321:
        x321 = a
    else:
        y321 = a
    if a == 322:
        x322 = a
    else:
        y322 = a
    if a == 323:
        x323 = a
    else:
        y323 = a
    if a == 324:
        x324 = a
    else:
        y324 = a
    if a == 325:
        x325 = a
    else:
        y325 = a
    if a == 326:
        x326 = a
    else:
        y326 = a
    if a == 327:
        x327 = a
    else:
        y327 = a
    if a == 328:
        x328 = a
    else:
        y328 = a
    if a == 329:
        x329 = a
    else:
        y329 = a
    if a == 330:
        x330 = a
    else:
        y330 = a
    if a == 331:
        x331 = a
    else:
        y331 = a
    if a == 332:
        x332 = a
    else:
        y332 = a
    if a == 333:
        x333 = a
    else:
        y333 = a
    if a == 334:
        x334 = a
    else:
        y334 = a
    if a == 335:
        x335 = a
    else:
        y335 = a
    if a == 336:
        x336 = a
    else:
        y336 = a
    if a == 337:
        x337 = a
    else:
        y337 = a
    if a == 338:
        x338 = a
    else:
        y338 = a
    if a == 339:
        x339 = a
    else:
        y339 = a
    if a == 340:
        x340 = a
    else:
        y340 = a
    if a == 341:
        x341 = a
    else:
        y341 = a
    if a == 342:
        x342 = a
    else:
        y342 = a
    if a == 343:
        x343 = a
    else:
        y343 = a
    if a == 344:
        x344 = a
    else:
        y344 = a
    if a == 345:
        x345 = a
    else:
        y345 = a
    if a == 346:
        x346 = a
    else:
        y346 = a
    if a == 347:
        x347 = a
    else:
        y347 = a
    if a == 348:
        x348 = a
    else:
        y348 = a
    if a == 349:
        x349 = a
    else:
        y349 = a
    if a == 350:
        x350 = a
    else:
        y350 = a
    if a == 351:
        x351 = a
    else:
        y351 = a
    if a == 352:
        x352 = a
    else:
        y352 = a
    if a == 353:
        x353 = a
    else:
        y353 = a
    if a == 354:
        x354 = a
    else:
        y354 = a
    if a == 355:
        x355 = a
    else:
        y355 = a
    if a == 356:
        x356 = a
    else:
        y356 = a
    if a == 357:
        x357 = a
    else:
        y357 = a
    if a == 358:
        x358 = a
    else:
        y358 = a
    if a == 359:
        x359 = a
    else:
        y359 = a
    if a == 360:
        x360 = a
    else:
        y360 = a
    if a == 361:
        x361 = a
    else:
        y361 = a
    if a == 362:
        x362 = a
    else:
        y362 = a
    if a == 363:
        x363 = a
    else:
        y363 = a
    if a == 364:
        x364 = a
    else:
        y364 = a
    if a == 365:
        x365 = a
    else:
        y365 = a
    if a == 366:
        x366 = a
    else:
        y366 = a
    if a == 367:
        x367 = a
    else:
        y367 = a
    if a == 368:
        x368 = a
    else:
        y368 = a
    if a == 369:
        x369 = a
    else:
        y369 = a
    if a == 370:
        x370 = a
    else:
        y370 = a
    if a == 371:
        x371 = a
    else:
        y371 = a
    if a == 372:
        x372 = a
    else:
        y372 = a
    if a == 373:
        x373 = a
    else:
        y373 = a
    if a == 374:
        x374 = a
    else:
        y374 = a
    if a == 375:
        x375 = a
    else:
        y375 = a
    if a == 376:
        x376 = a
    else:
        y376 = a
    if a == 377:
        x377 = a
    else:
        y377 = a
    if a == 378:
        x378 = a
    else:
        y378 = a
    if a == 379:
        x379 = a
    else:
        y379 = a
    if a == 380:
        x380 = a
    else:
        y380 = a
    if a == 381:
        x381 = a
    else:
        y381 = a
    if a == 382:
        x382 = a
    else:
        y382 = a
    if a == 383:
        x383 = a
    else:
        y383 = a
    if a == 384:
        x384 = a
    else:
        y384 = a
    if a == 385:
        x385 = a
    else:
        y385 = a
    if a == 386:
        x386 = a
    else:
        y386 = a
    if a == 387:
        x387 = a
    else:
        y387 = a
    if a == 388:
        x388 = a
    else:
        y388 = a
    if a == 389:
        x389 = a
    else:
        y389 = a
    if a == 390:
        x390 = a
    else:
        y390 = a
    if a == 391:
        x391 = a
    else:
        y391 = a
    if a == 392:
        x392 = a
    else:
        y392 = a
    if a == 393:
        x393 = a
    else:
        y393 = a
    if a == 394:
        x394 = a
    else:
        y394 = a
    if a == 395:
        x395 = a
    else:
        y395 = a
    if a == 396:
        x396 = a
    else:
        y396 = a
    if a == 397:
        x397 = a
    else:
        y397 = a
    if a == 398:
        x398 = a
    else:
        y398 = a
    if a == 399:
        x399 = a
    else:
        y399 = a
    if a == 400:
        x400 = a
    else:
        y400 = a
    if a == 401:
        x401 = a
    else:
        y401 = a
    if a == 402:
        x402 = a
    else:
        y402 = a
    if a == 403:
        x403 = a
    else:
        y403 = a
    if a == 404:
        x404 = a
    else:
        y404 = a
    if a == 405:
        x405 = a
    else:
        y405 = a
    if a == 406:
        x406 = a
    else:
        y406 = a
    if a == 407:
        x407 = a
    else:
        y407 = a
    if a == 408:
        x408 = a
    else:
        y408 = a
    if a == 409:
        x409 = a
    else:
        y409 = a
    if a == 410:
        x410 = a
    else:
        y410 = a
    if a == 411:
        x411 = a
    else:
        y411 = a
    if a == 412:
        x412 = a
    else:
        y412 = a
    if a == 413:
        x413 = a
    else:
        y413 = a
    if a == 414:
        x414 = a
    else:
        y414 = a
    if a == 415:
        x415 = a
    else:
        y415 = a
    if a == 416:
        x416 = a
    else:
        y416 = a
    if a == 417:
        x417 = a
    else:
        y417 = a
    if a == 418:
        x418 = a
    else:
        y418 = a
    if a == 419:
        x419 = a
    else:
        y419 = a
    if a == 420:
        x420 = a
    else:
        y420 = a
    if a == 421:
        x421 = a
    else:
        y421 = a
    if a == 422:
        x422 = a
    else:
        y422 = a
    if a == 423:
        x423 = a
    else:
        y423 = a
    if a == 424:
        x424 = a
    else:
        y424 = a
    if a == 425:
        x425 = a
    else:
        y425 = a
    if a == 426:
        x426 = a
    else:
        y426 = a
    if a == 427:
        x427 = a
    else:
        y427 = a
    if a == 428:
        x428 = a
    else:
        y428 = a
    if a == 429:
        x429 = a
    else:
        y429 = a
    if a == 430:
        x430 = a
    else:
        y430 = a
    if a == 431:
        x431 = a
    else:
        y431 = a
    if a == 432:
        x432 = a
    else:
        y432 = a
    if a == 433:
        x433 = a
    else:
        y433 = a
    if a == 434:
        x434 = a
    else:
        y434 = a
    if a == 435:
        x435 = a
    else:
        y435 = a
    if a == 436:
        x436 = a
    else:
        y436 = a
    if a == 437:
        x437 = a
    else:
        y437 = a
    if a == 438:
        x438 = a
    else:
        y438 = a
    if a == 439:
        x439 = a
    else:
        y439 = a
    if a == 440:
        x440 = a
    else:
        y440 = a
    if a == 441:
        x441 = a
    else:
        y441 = a
    if a == 442:
        x442 = a
    else:
        y442 = a
    if a == 443:
        x443 = a
    else:
        y443 = a
    if a == 444:
        x444 = a
    else:
        y444 = a
    if a == 445:
        x445 = a
    else:
        y445 = a
    if a == 446:
        x446 = a
    else:
        y446 = a
    if a == 447:
        x447 = a
    else:
        y447 = a
    if a == 448:
        x448 = a
    else:
        y448 = a
    if a == 449:
        x449 = a
    else:
        y449 = a
    if a == 450:
        x450 = a
    else:
        y450 = a
    if a == 451:
        x451 = a
    else:
        y451 = a
    if a == 452:
        x452 = a
    else:
        y452 = a
    if a == 453:
        x453 = a
    else:
        y453 = a
    if a == 454:
        x454 = a
    else:
        y454 = a
    if a == 455:
        x455 = a
    else:
        y455 = a
    if a == 456:
        x456 = a
    else:
        y456 = a
    if a == 457:
        x457 = a
    else:
        y457 = a
    if a == 458:
        x458 = a
    else:
        y458 = a
    if a == 459:
        x459 = a
    else:
        y459 = a
    if a == 460:
        x460 = a
    else:
        y460 = a
    if a == 461:
        x461 = a
    else:
        y461 = a
    if a == 462:
        x462 = a
    else:
        y462 = a
    if a == 463:
        x463 = a
    else:
        y463 = a
    if a == 464:
        x464 = a
    else:
        y464 = a
    if a == 465:
        x465 = a
    else:
        y465 = a
    if a == 466:
        x466 = a
    else:
        y466 = a
    if a == 467:
        x467 = a
    else:
        y467 = a
    if a == 468:
        x468 = a
    else:
        y468 = a
    if a == 469:
        x469 = a
    else:
        y469 = a
    if a == 470:
        x470 = a
    else:
        y470 = a
    if a == 471:
        x471 = a
    else:
        y471 = a
    if a == 472:
        x472 = a
    else:
        y472 = a
    if a == 473:
        x473 = a
    else:
        y473 = a
    if a == 474:
        x474 = a
    else:
        y474 = a
    if a == 475:
        x475 = a
    else:
        y475 = a
    if a == 476:
        x476 = a
    else:
        y476 = a
    if a == 477:
        x477 = a
    else:
        y477 = a
    if a == 478:
        x478 = a
    else:
        y478 = a
    if a == 479:
        x479 = a
    else:
        y479 = a
    if a == 480:
        x480 = a
    else:
        y480 = a
    if a == 481:
        x481 = a
    else:
        y481 = a
    if a == 482:
        x482 = a
    else:
        y482 = a
    if a == 483:
        x483 = a
    else:
        y483 = a
    if a == 484:
        x484 = a
    else:
        y484 = a
    if a == 485:
        x485 = a
    else:
        y485 = a
    if a == 486:
        x486 = a
    else:
        y486 = a
    if a == 487:
        x487 = a
    else:
        y487 = a
    if a == 488:
        x488 = a
    else:
        y488 = a
    if a == 489:
        x489 = a
    else:
        y489 = a
    if a == 490:
        x490 = a
    else:
        y490 = a
    if a == 491:
        x491 = a
    else:
        y491 = a
    if a == 492:
        x492 = a
    else:
        y492 = a
    if a == 493:
        x493 = a
    else:
        y493 = a
    if a == 494:
        x494 = a
    else:
        y494 = a
    if a == 495:
        x495 = a
    else:
        y495 = a
    if a == 496:
        x496 = a
    else:
        y496 = a
    if a == 497:
        x497 = a
    else:
        y497 = a
    if a == 498:
        x498 = a
    else:
        y498 = a
    if a == 499:
        x499 = a
    else:
        y499 = a
    if a == 500:
        x500 = a
    else:
        y500 = a
    if a == 501:
        x501 = a
    else:
        y501 = a
    if a == 502:
        x502 = a
    else:
        y502 = a
    if a == 503:
        x503 = a
    else:
        y503 = a
    if a == 504:
        x504 = a
    else:
        y504 = a
    if a == 505:
        x505 = a
    else:
        y505 = a
    if a == 506:
        x506 = a
    else:
        y506 = a
    if a == 507:
        x507 = a
    else:
        y507 = a
    if a == 508:
        x508 = a
    else:
        y508 = a
    if a == 509:
        x509 = a
    else:
        y509 = a
    if a == 510:
        x510 = a
    else:
        y510 = a
    if a == 511:
        x511 = a
    else:
        y511 = a
    if a == 512:
        x512 = a
    else:
        y512 = a
    if a == 513:
        x513 = a
    else:
        y513 = a
    if a == 514:
        x514 = a
    else:
        y514 = a
    if a == 515:
        x515 = a
    else:
        y515 = a
    if a == 516:
        x516 = a
    else:
        y516 = a
    if a == 517:
        x517 = a
    else:
        y517 = a
    if a == 518:
        x518 = a
    else:
        y518 = a
    if a == 519:
        x519 = a
    else:
        y519 = a
    if a == 520:
        x520 = a
    else:
        y520 = a
    if a == 521:
        x521 = a
    else:
        y521 = a
    if a == 522:
        x522 = a
    else:
        y522 = a
    if a == 523:
        x523 = a
    else:
        y523 = a
    if a == 524:
        x524 = a
    else:
        y524 = a
    if a == 525:
        x525 = a
    else:
        y525 = a
    if a == 526:
        x526 = a
    else:
        y526 = a
    if a == 527:
        x527 = a
    else:
        y527 = a
    if a == 528:
        x528 = a
    else:
        y528 = a
    if a == 529:
        x529 = a
    else:
        y529 = a
    if a == 530:
        x530 = a
    else:
        y530 = a
    if a == 531:
        x531 = a
    else:
        y531 = a
    if a == 532:
        x532 = a
    else:
        y532 = a
    if a == 533:
        x533 = a
    else:
        y533 = a
    if a == 534:
        x534 = a
    else:
        y534 = a
    if a == 535:
        x535 = a
    else:
        y535 = a
    if a == 536:
        x536 = a
    else:
        y536 = a
    if a == 537:
        x537 = a
    else:
        y537 = a
    if a == 538:
        x538 = a
    else:
        y538 = a
    if a == 539:
        x539 = a
    else:
        y539 = a
    if a == 540:
        x540 = a
    else:
        y540 = a
    if a == 541:
        x541 = a
    else:
        y541 = a
    if a == 542:
        x542 = a
    else:
        y542 = a
    if a == 543:
        x543 = a
    else:
        y543 = a
    if a == 544:
        x544 = a
    else:
        y544 = a
    if a == 545:
        x545 = a
    else:
        y545 = a
    if a == 546:
        x546 = a
    else:
        y546 = a
    if a == 547:
        x547 = a
    else:
        y547 = a
    if a == 548:
        x548 = a
    else:
        y548 = a
    if a == 549:
        x549 = a
    else:
        y549 = a
    if a == 550:
        x550 = a
    else:
        y550 = a
    if a == 551:
        x551 = a
    else:
        y551 = a
    if a == 552:
        x552 = a
    else:
        y552 = a
    if a == 553:
        x553 = a
    else:
        y553 = a
    if a == 554:
        x554 = a
    else:
        y554 = a
    if a == 555:
        x555 = a
    else:
        y555 = a
    if a == 556:
        x556 = a
    else:
        y556 = a
    if a == 557:
        x557 = a
    else:
        y557 = a
    if a == 558:
        x558 = a
    else:
        y558 = a
    if a == 559:
        x559 = a
    else:
        y559 = a
    if a == 560:
        x560 = a
    else:
        y560 = a
    if a == 561:
        x561 = a
    else:
        y561 = a
    if a == 562:
        x562 = a
    else:
        y562 = a
    if a == 563:
        x563 = a
    else:
        y563 = a
    if a == 564:
        x564 = a
    else:
        y564 = a
    if a == 565:
        x565 = a
    else:
        y565 = a
    if a == 566:
        x566 = a
    else:
        y566 = a
    if a == 567:
        x567 = a
    else:
        y567 = a
    if a == 568:
        x568 = a
    else:
        y568 = a
    if a == 569:
        x569 = a
    else:
        y569 = a
    if a == 570:
        x570 = a
    else:
        y570 = a
    if a == 571:
        x571 = a
    else:
        y571 = a
    if a == 572:
        x572 = a
    else:
        y572 = a
    if a == 573:
        x573 = a
    else:
        y573 = a
    if a == 574:
        x574 = a
    else:
        y574 = a
    if a == 575:
        x575 = a
    else:
        y575 = a
    if a == 576:
        x576 = a
    else:
        y576 = a
    if a == 577:
        x577 = a
    else:
        y577 = a
    if a == 578:
        x578 = a
    else:
        y578 = a
    if a == 579:
        x579 = a
    else:
        y579 = a
    if a == 580:
        x580 = a
    else:
        y580 = a
    if a == 581:
        x581 = a
    else:
        y581 = a
    if a == 582:
        x582 = a
    else:
        y582 = a
    if a == 583:
        x583 = a
    else:
        y583 = a
    if a == 584:
        x584 = a
    else:
        y584 = a
    if a == 585:
        x585 = a
    else:
        y585 = a
    if a == 586:
        x586 = a
    else:
        y586 = a
    if a == 587:
        x587 = a
    else:
        y587 = a
    if a == 588:
        x588 = a
    else:
        y588 = a
    if a == 589:
        x589 = a
    else:
        y589 = a
    if a == 590:
        x590 = a
    else:
        y590 = a
    if a == 591:
        x591 = a
    else:
        y591 = a
    if a == 592:
        x592 = a
    else:
        y592 = a
    if a == 593:
        x593 = a
    else:
        y593 = a
    if a == 594:
        x594 = a
    else:
        y594 = a
    if a == 595:
        x595 = a
    else:
        y595 = a
    if a == 596:
        x596 = a
    else:
        y596 = a
    if a == 597:
        x597 = a
    else:
        y597 = a
    if a == 598:
        x598 = a
    else:
        y598 = a
    if a == 599:
        x599 = a
    else:
        y599 = a
    if a == 600:
        x600 = a
    else:
        y600 = a
    if a == 601:
        x601 = a
    else:
        y601 = a
    if a == 602:
        x602 = a
    else:
        y602 = a
    if a == 603:
        x603 = a
    else:
        y603 = a
    if a == 604:
        x604 = a
    else:
        y604 = a
    if a == 605:
        x605 = a
    else:
        y605 = a
    if a == 606:
        x606 = a
    else:
        y606 = a
    if a == 607:
        x607 = a
    else:
        y607 = a
    if a == 608:
        x608 = a
    else:
        y608 = a
    if a == 609:
        x609 = a
    else:
        y609 = a
    if a == 610:
        x610 = a
    else:
        y610 = a
    if a == 611:
        x611 = a
    else:
        y611 = a
    if a == 612:
        x612 = a
    else:
        y612 = a
    if a == 613:
        x613 = a
    else:
        y613 = a
    if a == 614:
        x614 = a
    else:
        y614 = a
    if a == 615:
        x615 = a
    else:
        y615 = a
    if a == 616:
        x616 = a
    else:
        y616 = a
    if a == 617:
        x617 = a
    else:
        y617 = a
    if a == 618:
        x618 = a
    else:
        y618 = a
    if a == 619:
        x619 = a
    else:
        y619 = a
    if a == 620:
        x620 = a
    else:
        y620 = a
    if a == 621:
        x621 = a
    else:
        y621 = a
    if a == 622:
        x622 = a
    else:
        y622 = a
    if a == 623:
        x623 = a
    else:
        y623 = a
    if a == 624:
        x624 = a
    else:
        y624 = a
    if a == 625:
        x625 = a
    else:
        y625 = a
    if a == 626:
        x626 = a
    else:
        y626 = a
    if a == 627:
        x627 = a
    else:
        y627 = a
    if a == 628:
        x628 = a
    else:
        y628 = a
    if a == 629:
        x629 = a
    else:
        y629 = a
    if a == 630:
        x630 = a
    else:
        y630 = a
    if a == 631:
        x631 = a
    else:
        y631 = a
    if a == 632:
        x632 = a
    else:
        y632 = a
    if a == 633:
        x633 = a
    else:
        y633 = a
    if a == 634:
        x634 = a
    else:
        y634 = a
    if a == 635:
        x635 = a
    else:
        y635 = a
    if a == 636:
        x636 = a
    else:
        y636 = a
    if a == 637:
        x637 = a
    else:
        y637 = a
    if a == 638:
        x638 = a
    else:
        y638 = a
    if a == 639:
        x639 = a
    else:
        y639 = a
    if a == 640:
        x640 = a
    else:
        y640 = a
    if a == 641:
        x641 = a
    else:
        y641 = a
    if a == 642:
        x642 = a
    else:
        y642 = a
    if a == 643:
        x643 = a
    else:
        y643 = a
    if a == 644:
        x644 = a
    else:
        y644 = a
    if a == 645:
        x645 = a
    else:
        y645 = a
    if a == 646:
        x646 = a
    else:
        y646 = a
    if a == 647:
        x647 = a
    else:
        y647 = a
    if a == 648:
        x648 = a
    else:
        y648 = a
    if a == 649:
        x649 = a
    else:
        y649 = a
    if a == 650:
        x650 = a
    else:
        y650 = a
    if a == 651:
        x651 = a
    else:
        y651 = a
    if a == 652:
        x652 = a
    else:
        y652 = a
    if a == 653:
        x653 = a
    else:
        y653 = a
    if a == 654:
        x654 = a
    else:
        y654 = a
    if a == 655:
        x655 = a
    else:
        y655 = a
    if a == 656:
        x656 = a
    else:
        y656 = a
    if a == 657:
        x657 = a
    else:
        y657 = a
    if a == 658:
        x658 = a
    else:
        y658 = a
    if a == 659:
        x659 = a
    else:
        y659 = a
    if a == 660:
        x660 = a
    else:
        y660 = a
    if a == 661:
        x661 = a
    else:
        y661 = a
    if a == 662:
        x662 = a
    else:
        y662 = a
    if a == 663:
        x663 = a
    else:
        y663 = a
    if a == 664:
        x664 = a
    else:
        y664 = a
    if a == 665:
        x665 = a
    else:
        y665 = a
    if a == 666:
        x666 = a
    else:
        y666 = a
    if a == 667:
        x667 = a
    else:
        y667 = a
    if a == 668:
        x668 = a
    else:
        y668 = a
    if a == 669:
        x669 = a
    else:
        y669 = a
    if a == 670:
        x670 = a
    else:
        y670 = a
    if a == 671:
        x671 = a
    else:
        y671 = a
    if a == 672:
        x672 = a
    else:
        y672 = a
    if a == 673:
        x673 = a
    else:
        y673 = a
    if a == 674:
        x674 = a
    else:
        y674 = a
    if a == 675:
        x675 = a
    else:
        y675 = a
    if a == 676:
        x676 = a
    else:
        y676 = a
    if a == 677:
        x677 = a
    else:
        y677 = a
    if a == 678:
        x678 = a
    else:
        y678 = a
    if a == 679:
        x679 = a
    else:
        y679 = a
    if a == 680:
        x680 = a
    else:
        y680 = a
    if a == 681:
        x681 = a
    else:
        y681 = a
    if a == 682:
        x682 = a
    else:
        y682 = a
    if a == 683:
        x683 = a
    else:
        y683 = a
    if a == 684:
        x684 = a
    else:
        y684 = a
    if a == 685:
        x685 = a
    else:
        y685 = a
    if a == 686:
        x686 = a
    else:
        y686 = a
    if a == 687:
        x687 = a
    else:
        y687 = a
    if a == 688:
        x688 = a
    else:
        y688 = a
    if a == 689:
        x689 = a
    else:
        y689 = a
    if a == 690:
        x690 = a
    else:
        y690 = a
    if a == 691:
        x691 = a
    else:
        y691 = a
    if a == 692:
        x692 = a
    else:
        y692 = a
    if a == 693:
        x693 = a
    else:
        y693 = a
    if a == 694:
        x694 = a
    else:
        y694 = a
    if a == 695:
        x695 = a
    else:
        y695 = a
    if a == 696:
        x696 = a
    else:
        y696 = a
    if a == 697:
        x697 = a
    else:
        y697 = a
    if a == 698:
        x698 = a
    else:
        y698 = a
    if a == 699:
        x699 = a
    else:
        y699 = a
    if a == 700:
        x700 = a
    else:
        y700 = a
    if a == 701:
        x701 = a
    else:
        y701 = a
    if a == 702:
        x702 = a
    else:
        y702 = a
    if a == 703:
        x703 = a
    else:
        y703 = a
    if a == 704:
        x704 = a
    else:
        y704 = a
    if a == 705:
        x705 = a
    else:
        y705 = a
    if a == 706:
        x706 = a
    else:
        y706 = a
    if a == 707:
        x707 = a
    else:
        y707 = a
    if a == 708:
        x708 = a
    else:
        y708 = a
    if a == 709:
        x709 = a
    else:
        y709 = a
    if a == 710:
        x710 = a
    else:
        y710 = a
    if a == 711:
        x711 = a
    else:
        y711 = a
    if a == 712:
        x712 = a
    else:
        y712 = a
    if a == 713:
        x713 = a
    else:
        y713 = a
    if a == 714:
        x714 = a
    else:
        y714 = a
    if a == 715:
        x715 = a
    else:
        y715 = a
    if a == 716:
        x716 = a
    else:
        y716 = a
    if a == 717:
        x717 = a
    else:
        y717 = a
    if a == 718:
        x718 = a
    else:
        y718 = a
    if a == 719:
        x719 = a
    else:
        y719 = a
    if a == 720:
        x720 = a
    else:
        y720 = a
    if a == 721:
        x721 = a
    else:
        y721 = a
    if a == 722:
        x722 = a
    else:
        y722 = a
    if a == 723:
        x723 = a
    else:
        y723 = a
    if a == 724:
        x724 = a
    else:
        y724 = a
    if a == 725:
        x725 = a
    else:
        y725 = a
    if a == 726:
        x726 = a
    else:
        y726 = a
    if a == 727:
        x727 = a
    else:
        y727 = a
    if a == 728:
        x728 = a
    else:
        y728 = a
    if a == 729:
        x729 = a
    else:
        y729 = a
    if a == 730:
        x730 = a
    else:
        y730 = a
    if a == 731:
        x731 = a
    else:
        y731 = a
    if a == 732:
        x732 = a
    else:
        y732 = a
    if a == 733:
        x733 = a
    else:
        y733 = a
    if a == 734:
        x734 = a
    else:
        y734 = a
    if a == 735:
        x735 = a
    else:
        y735 = a
    if a == 736:
        x736 = a
    else:
        y736 = a
    if a == 737:
        x737 = a
    else:
        y737 = a
    if a == 738:
        x738 = a
    else:
        y738 = a
    if a == 739:
        x739 = a
    else:
        y739 = a
    if a == 740:
        x740 = a
    else:
        y740 = a
    if a == 741:
        x741 = a
    else:
        y741 = a
    if a == 742:
        x742 = a
    else:
        y742 = a
    if a == 743:
        x743 = a
    else:
        y743 = a
    if a == 744:
        x744 = a
    else:
        y744 = a
    if a == 745:
        x745 = a
    else:
        y745 = a
    if a == 746:
        x746 = a
    else:
        y746 = a
    if a == 747:
        x747 = a
    else:
        y747 = a
    if a == 748:
        x748 = a
    else:
        y748 = a
    if a == 749:
        x749 = a
    else:
        y749 = a
    if a == 750:
        x750 = a
    else:
        y750 = a
    if a == 751:
        x751 = a
    else:
        y751 = a
    if a == 752:
        x752 = a
    else:
        y752 = a
    if a == 753:
        x753 = a
    else:
        y753 = a
    if a == 754:
        x754 = a
    else:
        y754 = a
    if a == 755:
        x755 = a
    else:
        y755 = a
    if a == 756:
        x756 = a
    else:
        y756 = a
    if a == 757:
        x757 = a
    else:
        y757 = a
    if a == 758:
        x758 = a
    else:
        y758 = a
    if a == 759:
        x759 = a
    else:
        y759 = a
    if a == 760:
        x760 = a
    else:
        y760 = a
    if a == 761:
        x761 = a
    else:
        y761 = a
    if a == 762:
        x762 = a
    else:
        y762 = a
    if a == 763:
        x763 = a
    else:
        y763 = a
    if a == 764:
        x764 = a
    else:
        y764 = a
    if a == 765:
        x765 = a
    else:
        y765 = a
    if a == 766:
        x766 = a
    else:
        y766 = a
    if a == 767:
        x767 = a
    else:
        y767 = a
    if a == 768:
        x768 = a
    else:
        y768 = a
    if a == 769:
        x769 = a
    else:
        y769 = a
    if a == 770:
        x770 = a
    else:
        y770 = a
    if a == 771:
        x771 = a
    else:
        y771 = a
    if a == 772:
        x772 = a
    else:
        y772 = a
    if a == 773:
        x773 = a
    else:
        y773 = a
    if a == 774:
        x774 = a
    else:
        y774 = a
    if a == 775:
        x775 = a
    else:
        y775 = a
    if a == 776:
        x776 = a
    else:
        y776 = a
    if a == 777:
        x777 = a
    else:
        y777 = a
    if a == 778:
        x778 = a
    else:
        y778 = a
    if a == 779:
        x779 = a
    else:
        y779 = a
    if a == 780:
        x780 = a
    else:
        y780 = a
    if a == 781:
        x781 = a
    else:
        y781 = a
    if a == 782:
        x782 = a
    else:
        y782 = a
    if a == 783:
        x783 = a
    else:
        y783 = a
    if a == 784:
        x784 = a
    else:
        y784 = a
    if a == 785:
        x785 = a
    else:
        y785 = a
    if a == 786:
        x786 = a
    else:
        y786 = a
    if a == 787:
        x787 = a
    else:
        y787 = a
    if a == 788:
        x788 = a
    else:
        y788 = a
    if a == 789:
        x789 = a
    else:
        y789 = a
    if a == 790:
        x790 = a
    else:
        y790 = a
    if a == 791:
        x791 = a
    else:
        y791 = a
    if a == 792:
        x792 = a
    else:
        y792 = a
    if a == 793:
        x793 = a
    else:
        y793 = a
    if a == 794:
        x794 = a
    else:
        y794 = a
    if a == 795:
        x795 = a
    else:
        y795 = a
    if a == 796:
        x796 = a
    else:
        y796 = a
    if a == 797:
        x797 = a
    else:
        y797 = a
    if a == 798:
        x798 = a
    else:
        y798 = a
    if a == 799:
        x799 = a
    else:
        y799 = a
    if a == 800:
        x800 = a
    else:
        y800 = a
    if a == 801:
        x801 = a
    else:
        y801 = a
    if a == 802:
        x802 = a
    else:
        y802 = a
    if a == 803:
        x803 = a
    else:
        y803 = a
    if a == 804:
        x804 = a
    else:
        y804 = a
    if a == 805:
        x805 = a
    else:
        y805 = a
    if a == 806:
        x806 = a
    else:
        y806 = a
    if a == 807:
        x807 = a
    else:
        y807 = a
    if a == 808:
        x808 = a
    else:
        y808 = a
    if a == 809:
        x809 = a
    else:
        y809 = a
    if a == 810:
        x810 = a
    else:
        y810 = a
    if a == 811:
        x811 = a
    else:
        y811 = a
    if a == 812:
        x812 = a
    else:
        y812 = a
    if a == 813:
        x813 = a
    else:
        y813 = a
    if a == 814:
        x814 = a
    else:
        y814 = a
    if a == 815:
        x815 = a
    else:
        y815 = a
    if a == 816:
        x816 = a
    else:
        y816 = a
    if a == 817:
        x817 = a
    else:
        y817 = a
    if a == 818:
        x818 = a
    else:
        y818 = a
    if a == 819:
        x819 = a
    else:
        y819 = a
    if a == 820:
        x820 = a
    else:
        y820 = a
    if a == 821:
        x821 = a
    else:
        y821 = a
    if a == 822:
        x822 = a
    else:
        y822 = a
    if a == 823:
        x823 = a
    else:
        y823 = a
    if a == 824:
        x824 = a
    else:
        y824 = a
    if a == 825:
        x825 = a
    else:
        y825 = a
    if a == 826:
        x826 = a
    else:
        y826 = a
    if a == 827:
        x827 = a
    else:
        y827 = a
    if a == 828:
        x828 = a
    else:
        y828 = a
    if a == 829:
        x829 = a
    else:
        y829 = a
    if a == 830:
        x830 = a
    else:
        y830 = a
    if a == 831:
        x831 = a
    else:
        y831 = a
    if a == 832:
        x832 = a
    else:
        y832 = a
    if a == 833:
        x833 = a
    else:
        y833 = a
    if a == 834:
        x834 = a
    else:
        y834 = a
    if a == 835:
        x835 = a
    else:
        y835 = a
    if a == 836:
        x836 = a
    else:
        y836 = a
    if a == 837:
        x837 = a
    else:
        y837 = a
    if a == 838:
        x838 = a
    else:
        y838 = a
    if a == 839:
        x839 = a
    else:
        y839 = a
    if a == 840:
        x840 = a
    else:
        y840 = a
    if a == 841:
        x841 = a
    else:
        y841 = a
    if a == 842:
        x842 = a
    else:
        y842 = a
    if a == 843:
        x843 = a
    else:
        y843 = a
    if a == 844:
        x844 = a
    else:
        y844 = a
    if a == 845:
        x845 = a
    else:
        y845 = a
    if a == 846:
        x846 = a
    else:
        y846 = a
    if a == 847:
        x847 = a
    else:
        y847 = a
    if a == 848:
        x848 = a
    else:
        y848 = a
    if a == 849:
        x849 = a
    else:
        y849 = a
    if a == 850:
        x850 = a
    else:
        y850 = a
    if a == 851:
        x851 = a
    else:
        y851 = a
    if a == 852:
        x852 = a
    else:
        y852 = a
    if a == 853:
        x853 = a
    else:
        y853 = a
    if a == 854:
        x854 = a
    else:
        y854 = a
    if a == 855:
        x855 = a
    else:
        y855 = a
    if a == 856:
        x856 = a
    else:
        y856 = a
    if a == 857:
        x857 = a
    else:
        y857 = a
    if a == 858:
        x858 = a
    else:
        y858 = a
    if a == 859:
        x859 = a
    else:
        y859 = a
    if a == 860:
        x860 = a
    else:
        y860 = a
    if a == 861:
        x861 = a
    else:
        y861 = a
    if a == 862:
        x862 = a
    else:
        y862 = a
    if a == 863:
        x863 = a
    else:
        y863 = a
    if a == 864:
        x864 = a
    else:
        y864 = a
    if a == 865:
        x865 = a
    else:
        y865 = a
    if a == 866:
        x866 = a
    else:
        y866 = a
    if a == 867:
        x867 = a
    else:
        y867 = a
    if a == 868:
        x868 = a
    else:
        y868 = a
    if a == 869:
        x869 = a
    else:
        y869 = a
    if a == 870:
        x870 = a
    else:
        y870 = a
    if a == 871:
        x871 = a
    else:
        y871 = a
    if a == 872:
        x872 = a
    else:
        y872 = a
    if a == 873:
        x873 = a
    else:
        y873 = a
    if a == 874:
        x874 = a
    else:
        y874 = a
    if a == 875:
        x875 = a
    else:
        y875 = a
    if a == 876:
        x876 = a
    else:
        y876 = a
    if a == 877:
        x877 = a
    else:
        y877 = a
    if a == 878:
        x878 = a
    else:
        y878 = a
    if a == 879:
        x879 = a
    else:
        y879 = a
    if a == 880:
        x880 = a
    else:
        y880 = a
    if a == 881:
        x881 = a
    else:
        y881 = a
    if a == 882:
        x882 = a
    else:
        y882 = a
    if a == 883:
        x883 = a
    else:
        y883 = a
    if a == 884:
        x884 = a
    else:
        y884 = a
    if a == 885:
        x885 = a
    else:
        y885 = a
    if a == 886:
        x886 = a
    else:
        y886 = a
    if a == 887:
        x887 = a
    else:
        y887 = a
    if a == 888:
        x888 = a
    else:
        y888 = a
    if a == 889:
        x889 = a
    else:
        y889 = a
    if a == 890:
        x890 = a
    else:
        y890 = a
    if a == 891:
        x891 = a
    else:
        y891 = a
    if a == 892:
        x892 = a
    else:
        y892 = a
    if a == 893:
        x893 = a
    else:
        y893 = a
    if a == 894:
        x894 = a
    else:
        y894 = a
    if a == 895:
        x895 = a
    else:
        y895 = a
    if a == 896:
        x896 = a
    else:
        y896 = a
    if a == 897:
        x897 = a
    else:
        y897 = a
    if a == 898:
        x898 = a
    else:
        y898 = a
    if a == 899:
        x899 = a
    else:
        y899 = a
    if a == 900:
        x900 = a
    else:
        y900 = a
    if a == 901:
        x901 = a
    else:
        y901 = a
    if a == 902:
        x902 = a
    else:
        y902 = a
    if a == 903:
        x903 = a
    else:
        y903 = a
    if a == 904:
        x904 = a
    else:
        y904 = a
    if a == 905:
        x905 = a
    else:
        y905 = a
    if a == 906:
        x906 = a
    else:
        y906 = a
    if a == 907:
        x907 = a
    else:
        y907 = a
    if a == 908:
        x908 = a
    else:
        y908 = a
    if a == 909:
        x909 = a
    else:
        y909 = a
    if a == 910:
        x910 = a
    else:
        y910 = a
    if a == 911:
        x911 = a
    else:
        y911 = a
    if a == 912:
        x912 = a
    else:
        y912 = a
    if a == 913:
        x913 = a
    else:
        y913 = a
    if a == 914:
        x914 = a
    else:
        y914 = a
    if a == 915:
        x915 = a
    else:
        y915 = a
    if a == 916:
        x916 = a
    else:
        y916 = a
    if a == 917:
        x917 = a
    else:
        y917 = a
    if a == 918:
        x918 = a
    else:
        y918 = a
    if a == 919:
        x919 = a
    else:
        y919 = a
    if a == 920:
        x920 = a
    else:
        y920 = a
    if a == 921:
        x921 = a
    else:
        y921 = a
    if a == 922:
        x922 = a
    else:
        y922 = a
    if a == 923:
        x923 = a
    else:
        y923 = a
    if a == 924:
        x924 = a
    else:
        y924 = a
    if a == 925:
        x925 = a
    else:
        y925 = a
    if a == 926:
        x926 = a
    else:
        y926 = a
    if a == 927:
        x927 = a
    else:
        y927 = a
    if a == 928:
        x928 = a
    else:
        y928 = a
    if a == 929:
        x929 = a
    else:
        y929 = a
    if a == 930:
        x930 = a
    else:
        y930 = a
    if a == 931:
        x931 = a
    else:
        y931 = a
    if a == 932:
        x932 = a
    else:
        y932 = a
    if a == 933:
        x933 = a
    else:
        y933 = a
    if a == 934:
        x934 = a
    else:
        y934 = a
    if a == 935:
        x935 = a
    else:
        y935 = a
    if a == 936:
        x936 = a
    else:
        y936 = a
    if a == 937:
        x937 = a
    else:
        y937 = a
    if a == 938:
        x938 = a
    else:
        y938 = a
    if a == 939:
        x939 = a
    else:
        y939 = a
    if a == 940:
        x940 = a
    else:
        y940 = a
    if a == 941:
        x941 = a
    else:
        y941 = a
    if a == 942:
        x942 = a
    else:
        y942 = a
    if a == 943:
        x943 = a
    else:
        y943 = a
    if a == 944:
        x944 = a
    else:
        y944 = a
    if a == 945:
        x945 = a
    else:
        y945 = a
    if a == 946:
        x946 = a
    else:
        y946 = a
    if a == 947:
        x947 = a
    else:
        y947 = a
    if a == 948:
        x948 = a
    else:
        y948 = a
    if a == 949:
        x949 = a
    else:
        y949 = a
    if a == 950:
        x950 = a
    else:
        y950 = a
    if a == 951:
        x951 = a
    else:
        y951 = a
    if a == 952:
        x952 = a
    else:
        y952 = a
    if a == 953:
        x953 = a
    else:
        y953 = a
    if a == 954:
        x954 = a
    else:
        y954 = a
    if a == 955:
        x955 = a
    else:
        y955 = a
    if a == 956:
        x956 = a
    else:
        y956 = a
    if a == 957:
        x957 = a
    else:
        y957 = a
    if a == 958:
        x958 = a
    else:
        y958 = a
    if a == 959:
        x959 = a
    else:
        y959 = a
    if a == 960:
        x960 = a
    else:
        y960 = a
    if a == 961:
        x961 = a
    else:
        y961 = a
    if a == 962:
        x962 = a
    else:
        y962 = a
    if a == 963:
        x963 = a
    else:
        y963 = a
    if a == 964:
        x964 = a
    else:
        y964 = a
    if a == 965:
        x965 = a
    else:
        y965 = a
    if a == 966:
        x966 = a
    else:
        y966 = a
    if a == 967:
        x967 = a
    else:
        y967 = a
    if a == 968:
        x968 = a
    else:
        y968 = a
    if a == 969:
        x969 = a
    else:
        y969 = a
    if a == 970:
        x970 = a
    else:
        y970 = a
    if a == 971:
        x971 = a
    else:
        y971 = a
    if a == 972:
        x972 = a
    else:
        y972 = a
    if a == 973:
        x973 = a
    else:
        y973 = a
    if a == 974:
        x974 = a
    else:
        y974 = a
    if a == 975:
        x975 = a
    else:
        y975 = a
    if a == 976:
        x976 = a
    else:
        y976 = a
    if a == 977:
        x977 = a
    else:
        y977 = a
    if a == 978:
        x978 = a
    else:
        y978 = a
    if a == 979:
        x979 = a
    else:
        y979 = a
    if a == 980:
        x980 = a
    else:
        y980 = a
    if a == 981:
        x981 = a
    else:
        y981 = a
    if a == 982:
        x982 = a
    else:
        y982 = a
    if a == 983:
        x983 = a
    else:
        y983 = a
    if a == 984:
        x984 = a
    else:
        y984 = a
    if a == 985:
        x985 = a
    else:
        y985 = a
    if a == 986:
        x986 = a
    else:
        y986 = a
    if a == 987:
        x987 = a
    else:
        y987 = a
    if a == 988:
        x988 = a
    else:
        y988 = a
    if a == 989:
        x989 = a
    else:
        y989 = a
    if a == 990:
        x990 = a
    else:
        y990 = a
    if a == 991:
        x991 = a
    else:
        y991 = a
    if a == 992:
        x992 = a
    else:
        y992 = a
    if a == 993:
        x993 = a
    else:
        y993 = a
    if a == 994:
        x994 = a
    else:
        y994 = a
    if a == 995:
        x995 = a
    else:
        y995 = a
    if a == 996:
        x996 = a
    else:
        y996 = a
    if a == 997:
        x997 = a
    else:
        y997 = a
    if a == 998:
        x998 = a
    else:
        y998 = a
    if a == 999:
        x999 = a
    else:
        y999 = a
    if a == 1000:
        x1000 = a
    else:
        y1000 = a
    if a == 1001:
        x1001 = a
    else:
        y1001 = a
    if a == 1002:
        x1002 = a
    else:
        y1002 = a
    if a == 1003:
        x1003 = a
    else:
        y1003 = a
    if a == 1004:
        x1004 = a
    else:
        y1004 = a
    if a == 1005:
        x1005 = a
    else:
        y1005 = a
    if a == 1006:
        x1006 = a
    else:
        y1006 = a
    if a == 1007:
        x1007 = a
    else:
        y1007 = a
    if a == 1008:
        x1008 = a
    else:
        y1008 = a
    if a == 1009:
        x1009 = a
    else:
        y1009 = a
    if a == 1010:
        x1010 = a
    else:
        y1010 = a
    if a == 1011:
        x1011 = a
    else:
        y1011 = a
    if a == 1012:
        x1012 = a
    else:
        y1012 = a
    if a == 1013:
        x1013 = a
    else:
        y1013 = a
    if a == 1014:
        x1014 = a
    else:
        y1014 = a
    if a == 1015:
        x1015 = a
    else:
        y1015 = a
    if a == 1016:
        x1016 = a
    else:
        y1016 = a
    if a == 1017:
        x1017 = a
    else:
        y1017 = a
    if a == 1018:
        x1018 = a
    else:
        y1018 = a
    if a == 1019:
        x1019 = a
    else:
        y1019 = a
    if a == 1020:
        x1020 = a
    else:
        y1020 = a
    if a == 1021:
        x1021 = a
    else:
        y1021 = a
    if a == 1022:
        x1022 = a
    else:
        y1022 = a
    if a == 1023:
        x1023 = a
    else:
        y1023 = a
    if a == 1024:
        x1024 = a
    else:
        y1024 = a
    if a == 1025:
        x1025 = a
    else:
        y1025 = a
    if a == 1026:
        x1026 = a
    else:
        y1026 = a
    if a == 1027:
        x1027 = a
    else:
        y1027 = a
    if a == 1028:
        x1028 = a
    else:
        y1028 = a
    if a == 1029:
        x1029 = a
    else:
        y1029 = a
    if a == 1030:
        x1030 = a
    else:
        y1030 = a
    if a == 1031:
        x1031 = a
    else:
        y1031 = a
    if a == 1032:
        x1032 = a
    else:
        y1032 = a
    if a == 1033:
        x1033 = a
    else:
        y1033 = a
    if a == 1034:
        x1034 = a
    else:
        y1034 = a
    if a == 1035:
        x1035 = a
    else:
        y1035 = a
    if a == 1036:
        x1036 = a
    else:
        y1036 = a
    if a == 1037:
        x1037 = a
    else:
        y1037 = a
    if a == 1038:
        x1038 = a
    else:
        y1038 = a
    if a == 1039:
        x1039 = a
    else:
        y1039 = a
    if a == 1040:
        x1040 = a
    else:
        y1040 = a
    if a == 1041:
        x1041 = a
    else:
        y1041 = a
    if a == 1042:
        x1042 = a
    else:
        y1042 = a
    if a == 1043:
        x1043 = a
    else:
        y1043 = a
    if a == 1044:
        x1044 = a
    else:
        y1044 = a
    if a == 1045:
        x1045 = a
    else:
        y1045 = a
    if a == 1046:
        x1046 = a
    else:
        y1046 = a
    if a == 1047:
        x1047 = a
    else:
        y1047 = a
    if a == 1048:
        x1048 = a
    else:
        y1048 = a
    if a == 1049:
        x1049 = a
    else:
        y1049 = a
    if a == 1050:
        x1050 = a
    else:
        y1050 = a
    if a == 1051:
        x1051 = a
    else:
        y1051 = a
    if a == 1052:
        x1052 = a
    else:
        y1052 = a
    if a == 1053:
        x1053 = a
    else:
        y1053 = a
    if a == 1054:
        x1054 = a
    else:
        y1054 = a
    if a == 1055:
        x1055 = a
    else:
        y1055 = a
    if a == 1056:
        x1056 = a
    else:
        y1056 = a
    if a == 1057:
        x1057 = a
    else:
        y1057 = a
    if a == 1058:
        x1058 = a
    else:
        y1058 = a
    if a == 1059:
        x1059 = a
    else:
        y1059 = a
    if a == 1060:
        x1060 = a
    else:
        y1060 = a
    if a == 1061:
        x1061 = a
    else:
        y1061 = a
    if a == 1062:
        x1062 = a
    else:
        y1062 = a
    if a == 1063:
        x1063 = a
    else:
        y1063 = a
    if a == 1064:
        x1064 = a
    else:
        y1064 = a
    if a == 1065:
        x1065 = a
    else:
        y1065 = a
    if a == 1066:
        x1066 = a
    else:
        y1066 = a
    if a == 1067:
        x1067 = a
    else:
        y1067 = a
    if a == 1068:
        x1068 = a
    else:
        y1068 = a
    if a == 1069:
        x1069 = a
    else:
        y1069 = a
    if a == 1070:
        x1070 = a
    else:
        y1070 = a
    if a == 1071:
        x1071 = a
    else:
        y1071 = a
    if a == 1072:
        x1072 = a
    else:
        y1072 = a
    if a == 1073:
        x1073 = a
    else:
        y1073 = a
    if a == 1074:
        x1074 = a
    else:
        y1074 = a
    if a == 1075:
        x1075 = a
    else:
        y1075 = a
    if a == 1076:
        x1076 = a
    else:
        y1076 = a
    if a == 1077:
        x1077 = a
    else:
        y1077 = a
    if a == 1078:
        x1078 = a
    else:
        y1078 = a
    if a == 1079:
        x1079 = a
    else:
        y1079 = a
    if a == 1080:
        x1080 = a
    else:
        y1080 = a
    if a == 1081:
        x1081 = a
    else:
        y1081 = a
    if a == 1082:
        x1082 = a
    else:
        y1082 = a
    if a == 1083:
        x1083 = a
    else:
        y1083 = a
    if a == 1084:
        x1084 = a
    else:
        y1084 = a
    if a == 1085:
        x1085 = a
    else:
        y1085 = a
    if a == 1086:
        x1086 = a
    else:
        y1086 = a
    if a == 1087:
        x1087 = a
    else:
        y1087 = a
    if a == 1088:
        x1088 = a
    else:
        y1088 = a
    if a == 1089:
        x1089 = a
    else:
        y1089 = a
    if a == 1090:
        x1090 = a
    else:
        y1090 = a
    if a == 1091:
        x1091 = a
    else:
        y1091 = a
    if a == 1092:
        x1092 = a
    else:
        y1092 = a
    if a == 1093:
        x1093 = a
    else:
        y1093 = a
    if a == 1094:
        x1094 = a
    else:
        y1094 = a
    if a == 1095:
        x1095 = a
    else:
        y1095 = a
    if a == 1096:
        x1096 = a
    else:
        y1096 = a
    if a == 1097:
        x1097 = a
    else:
        y1097 = a
    if a == 1098:
        x1098 = a
    else:
        y1098 = a
    if a == 1099:
        x1099 = a
    else:
        y1099 = a
    if a == 1100:
        x1100 = a
    else:
        y1100 = a
    if a == 1101:
        x1101 = a
    else:
        y1101 = a
    if a == 1102:
        x1102 = a
    else:
        y1102 = a
    if a == 1103:
        x1103 = a
    else:
        y1103 = a
    if a == 1104:
        x1104 = a
    else:
        y1104 = a
    if a == 1105:
        x1105 = a
    else:
        y1105 = a
    if a == 1106:
        x1106 = a
    else:
        y1106 = a
    if a == 1107:
        x1107 = a
    else:
        y1107 = a
    if a == 1108:
        x1108 = a
    else:
        y1108 = a
    if a == 1109:
        x1109 = a
    else:
        y1109 = a
    if a == 1110:
        x1110 = a
    else:
        y1110 = a
    if a == 1111:
        x1111 = a
    else:
        y1111 = a
    if a == 1112:
        x1112 = a
    else:
        y1112 = a
    if a == 1113:
        x1113 = a
    else:
        y1113 = a
    if a == 1114:
        x1114 = a
    else:
        y1114 = a
    if a == 1115:
        x1115 = a
    else:
        y1115 = a
    if a == 1116:
        x1116 = a
    else:
        y1116 = a
    if a == 1117:
        x1117 = a
    else:
        y1117 = a
    if a == 1118:
        x1118 = a
    else:
        y1118 = a
    if a == 1119:
        x1119 = a
    else:
        y1119 = a
    if a == 1120:
        x1120 = a
    else:
        y1120 = a
    if a == 1121:
        x1121 = a
    else:
        y1121 = a
    if a == 1122:
        x1122 = a
    else:
        y1122 = a
    if a == 1123:
        x1123 = a
    else:
        y1123 = a
    if a == 1124:
        x1124 = a
    else:
        y1124 = a
    if a == 1125:
        x1125 = a
    else:
        y1125 = a
    if a == 1126:
        x1126 = a
    else:
        y1126 = a
    if a == 1127:
        x1127 = a
    else:
        y1127 = a
    if a == 1128:
        x1128 = a
    else:
        y1128 = a
    if a == 1129:
        x1129 = a
    else:
        y1129 = a
    if a == 1130:
        x1130 = a
    else:
        y1130 = a
    if a == 1131:
        x1131 = a
    else:
        y1131 = a
    if a == 1132:
        x1132 = a
    else:
        y1132 = a
    if a == 1133:
        x1133 = a
    else:
        y1133 = a
    if a == 1134:
        x1134 = a
    else:
        y1134 = a
    if a == 1135:
        x1135 = a
    else:
        y1135 = a
    if a == 1136:
        x1136 = a
    else:
        y1136 = a
    if a == 1137:
        x1137 = a
    else:
        y1137 = a
    if a == 1138:
        x1138 = a
    else:
        y1138 = a
    if a == 1139:
        x1139 = a
    else:
        y1139 = a
    if a == 1140:
        x1140 = a
    else:
        y1140 = a
    if a == 1141:
        x1141 = a
    else:
        y1141 = a
    if a == 1142:
        x1142 = a
    else:
        y1142 = a
    if a == 1143:
        x1143 = a
    else:
        y1143 = a
    if a == 1144:
        x1144 = a
    else:
        y1144 = a
    if a == 1145:
        x1145 = a
    else:
        y1145 = a
    if a == 1146:
        x1146 = a
    else:
        y1146 = a
    if a == 1147:
        x1147 = a
    else:
        y1147 = a
    if a == 1148:
        x1148 = a
    else:
        y1148 = a
    if a == 1149:
        x1149 = a
    else:
        y1149 = a
    if a == 1150:
        x1150 = a
    else:
        y1150 = a
    if a == 1151:
        x1151 = a
    else:
        y1151 = a
    if a == 1152:
        x1152 = a
    else:
        y1152 = a
    if a == 1153:
        x1153 = a
    else:
        y1153 = a
    if a == 1154:
        x1154 = a
    else:
        y1154 = a
    if a == 1155:
        x1155 = a
    else:
        y1155 = a
    if a == 1156:
        x1156 = a
    else:
        y1156 = a
    if a == 1157:
        x1157 = a
    else:
        y1157 = a
    if a == 1158:
        x1158 = a
    else:
        y1158 = a
    if a == 1159:
        x1159 = a
    else:
        y1159 = a
    if a == 1160:
        x1160 = a
    else:
        y1160 = a
    if a == 1161:
        x1161 = a
    else:
        y1161 = a
    if a == 1162:
        x1162 = a
    else:
        y1162 = a
    if a == 1163:
        x1163 = a
    else:
        y1163 = a
    if a == 1164:
        x1164 = a
    else:
        y1164 = a
    if a == 1165:
        x1165 = a
    else:
        y1165 = a
    if a == 1166:
        x1166 = a
    else:
        y1166 = a
    if a == 1167:
        x1167 = a
    else:
        y1167 = a
    if a == 1168:
        x1168 = a
    else:
        y1168 = a
    if a == 1169:
        x1169 = a
    else:
        y1169 = a
    if a == 1170:
        x1170 = a
    else:
        y1170 = a
    if a == 1171:
        x1171 = a
    else:
        y1171 = a
    if a == 1172:
        x1172 = a
    else:
        y1172 = a
    if a == 1173:
        x1173 = a
    else:
        y1173 = a
    if a == 1174:
        x1174 = a
    else:
        y1174 = a
    if a == 1175:
        x1175 = a
    else:
        y1175 = a
    if a == 1176:
        x1176 = a
    else:
        y1176 = a
    if a == 1177:
        x1177 = a
    else:
        y1177 = a
    if a == 1178:
        x1178 = a
    else:
        y1178 = a
    if a == 1179:
        x1179 = a
    else:
        y1179 = a
    if a == 1180:
        x1180 = a
    else:
        y1180 = a
    if a == 1181:
        x1181 = a
    else:
        y1181 = a
    if a == 1182:
        x1182 = a
    else:
        y1182 = a
    if a == 1183:
        x1183 = a
    else:
        y1183 = a
    if a == 1184:
        x1184 = a
    else:
        y1184 = a
    if a == 1185:
        x1185 = a
    else:
        y1185 = a
    if a == 1186:
        x1186 = a
    else:
        y1186 = a
    if a == 1187:
        x1187 = a
    else:
        y1187 = a
    if a == 1188:
        x1188 = a
    else:
        y1188 = a
    if a == 1189:
        x1189 = a
    else:
        y1189 = a
    if a == 1190:
        x1190 = a
    else:
        y1190 = a
    if a == 1191:
        x1191 = a
    else:
        y1191 = a
    if a == 1192:
        x1192 = a
    else:
        y1192 = a
    if a == 1193:
        x1193 = a
    else:
        y1193 = a
    if a == 1194:
        x1194 = a
    else:
        y1194 = a
    if a == 1195:
        x1195 = a
    else:
        y1195 = a
    if a == 1196:
        x1196 = a
    else:
        y1196 = a
    if a == 1197:
        x1197 = a
    else:
        y1197 = a
    if a == 1198:
        x1198 = a
    else:
        y1198 = a
    if a == 1199:
        x1199 = a
    else:
        y1199 = a
    if a == 1200:
        x1200 = a
    else:
        y1200 = a
    if a == 1201:
        x1201 = a
    else:
        y1201 = a
    if a == 1202:
        x1202 = a
    else:
        y1202 = a
    if a == 1203:
        x1203 = a
    else:
        y1203 = a
    if a == 1204:
        x1204 = a
    else:
        y1204 = a
    if a == 1205:
        x1205 = a
    else:
        y1205 = a
    if a == 1206:
        x1206 = a
    else:
        y1206 = a
    if a == 1207:
        x1207 = a
    else:
        y1207 = a
    if a == 1208:
        x1208 = a
    else:
        y1208 = a
    if a == 1209:
        x1209 = a
    else:
        y1209 = a
    if a == 1210:
        x1210 = a
    else:
        y1210 = a
    if a == 1211:
        x1211 = a
    else:
        y1211 = a
    if a == 1212:
        x1212 = a
    else:
        y1212 = a
    if a == 1213:
        x1213 = a
    else:
        y1213 = a
    if a == 1214:
        x1214 = a
    else:
        y1214 = a
    if a == 1215:
        x1215 = a
    else:
        y1215 = a
    if a == 1216:
        x1216 = a
    else:
        y1216 = a
    if a == 1217:
        x1217 = a
    else:
        y1217 = a
    if a == 1218:
        x1218 = a
    else:
        y1218 = a
    if a == 1219:
        x1219 = a
    else:
        y1219 = a
    if a == 1220:
        x1220 = a
    else:
        y1220 = a
    if a == 1221:
        x1221 = a
    else:
        y1221 = a
    if a == 1222:
        x1222 = a
    else:
        y1222 = a
    if a == 1223:
        x1223 = a
    else:
        y1223 = a
    if a == 1224:
        x1224 = a
    else:
        y1224 = a
    if a == 1225:
        x1225 = a
    else:
        y1225 = a
    if a == 1226:
        x1226 = a
    else:
        y1226 = a
    if a == 1227:
        x1227 = a
    else:
        y1227 = a
    if a == 1228:
        x1228 = a
    else:
        y1228 = a
    if a == 1229:
        x1229 = a
    else:
        y1229 = a
    if a == 1230:
        x1230 = a
    else:
        y1230 = a
    if a == 1231:
        x1231 = a
    else:
        y1231 = a
    if a == 1232:
        x1232 = a
    else:
        y1232 = a
    if a == 1233:
        x1233 = a
    else:
        y1233 = a
    if a == 1234:
        x1234 = a
    else:
        y1234 = a
    if a == 1235:
        x1235 = a
    else:
        y1235 = a
    if a == 1236:
        x1236 = a
    else:
        y1236 = a
    if a == 1237:
        x1237 = a
    else:
        y1237 = a
    if a == 1238:
        x1238 = a
    else:
        y1238 = a
    if a == 1239:
        x1239 = a
    else:
        y1239 = a
    if a == 1240:
        x1240 = a
    else:
        y1240 = a
    if a == 1241:
        x1241 = a
    else:
        y1241 = a
    if a == 1242:
        x1242 = a
    else:
        y1242 = a
    if a == 1243:
        x1243 = a
    else:
        y1243 = a
    if a == 1244:
        x1244 = a
    else:
        y1244 = a
    if a == 1245:
        x1245 = a
    else:
        y1245 = a
    if a == 1246:
        x1246 = a
    else:
        y1246 = a
    if a == 1247:
        x1247 = a
    else:
        y1247 = a
    if a == 1248:
        x1248 = a
    else:
        y1248 = a
    if a == 1249:
        x1249 = a
    else:
        y1249 = a
    if a == 1250:
        x1250 = a
    else:
        y1250 = a
    if a == 1251:
        x1251 = a
    else:
        y1251 = a
    if a == 1252:
        x1252 = a
    else:
        y1252 = a
    if a == 1253:
        x1253 = a
    else:
        y1253 = a
    if a == 1254:
        x1254 = a
    else:
        y1254 = a
    if a == 1255:
        x1255 = a
    else:
        y1255 = a
    if a == 1256:
        x1256 = a
    else:
        y1256 = a
    if a == 1257:
        x1257 = a
    else:
        y1257 = a
    if a == 1258:
        x1258 = a
    else:
        y1258 = a
    if a == 1259:
        x1259 = a
    else:
        y1259 = a
    if a == 1260:
        x1260 = a
    else:
        y1260 = a
    if a == 1261:
        x1261 = a
    else:
        y1261 = a
    if a == 1262:
        x1262 = a
    else:
        y1262 = a
    if a == 1263:
        x1263 = a
    else:
        y1263 = a
    if a == 1264:
        x1264 = a
    else:
        y1264 = a
    if a == 1265:
        x1265 = a
    else:
        y1265 = a
    if a == 1266:
        x1266 = a
    else:
        y1266 = a
    if a == 1267:
        x1267 = a
    else:
        y1267 = a
    if a == 1268:
        x1268 = a
    else:
        y1268 = a
    if a == 1269:
        x1269 = a
    else:
        y1269 = a
    if a == 1270:
        x1270 = a
    else:
        y1270 = a
    if a == 1271:
        x1271 = a
    else:
        y1271 = a
    if a == 1272:
        x1272 = a
    else:
        y1272 = a
    if a == 1273:
        x1273 = a
    else:
        y1273 = a
    if a == 1274:
        x1274 = a
    else:
        y1274 = a
    if a == 1275:
        x1275 = a
    else:
        y1275 = a
    if a == 1276:
        x1276 = a
    else:
        y1276 = a
    if a == 1277:
        x1277 = a
    else:
        y1277 = a
    if a == 1278:
        x1278 = a
    else:
        y1278 = a
    if a == 1279:
        x1279 = a
    else:
        y1279 = a
    if a == 1280:
        x1280 = a
    else:
        y1280 = a
    if a == 1281:
        x1281 = a
    else:
        y1281 = a
    if a == 1282:
        x1282 = a
    else:
        y1282 = a
    if a == 1283:
        x1283 = a
    else:
        y1283 = a
    if a == 1284:
        x1284 = a
    else:
        y1284 = a
    if a == 1285:
        x1285 = a
    else:
        y1285 = a
    if a == 1286:
        x1286 = a
    else:
        y1286 = a
    if a == 1287:
        x1287 = a
    else:
        y1287 = a
    if a == 1288:
        x1288 = a
    else:
        y1288 = a
    if a == 1289:
        x1289 = a
    else:
        y1289 = a
    if a == 1290:
        x1290 = a
    else:
        y1290 = a
    if a == 1291:
        x1291 = a
    else:
        y1291 = a
    if a == 1292:
        x1292 = a
    else:
        y1292 = a
    if a == 1293:
        x1293 = a
    else:
        y1293 = a
    if a == 1294:
        x1294 = a
    else:
        y1294 = a
    if a == 1295:
        x1295 = a
    else:
        y1295 = a
    if a == 1296:
        x1296 = a
    else:
        y1296 = a
    if a == 1297:
        x1297 = a
    else:
        y1297 = a
    if a == 1298:
        x1298 = a
    else:
        y1298 = a
    if a == 1299:
        x1299 = a
    else:
        y1299 = a
    if a == 1300:
        x1300 = a
    else:
        y1300 = a
    if a == 1301:
        x1301 = a
    else:
        y1301 = a
    if a == 1302:
        x1302 = a
    else:
        y1302 = a
    if a == 1303:
        x1303 = a
    else:
        y1303 = a
    if a == 1304:
        x1304 = a
    else:
        y1304 = a
    if a == 1305:
        x1305 = a
    else:
        y1305 = a
    if a == 1306:
        x1306 = a
    else:
        y1306 = a
    if a == 1307:
        x1307 = a
    else:
        y1307 = a
    if a == 1308:
        x1308 = a
    else:
        y1308 = a
    if a == 1309:
        x1309 = a
    else:
        y1309 = a
    if a == 1310:
        x1310 = a
    else:
        y1310 = a
    if a == 1311:
        x1311 = a
    else:
        y1311 = a
    if a == 1312:
        x1312 = a
    else:
        y1312 = a
    if a == 1313:
        x1313 = a
    else:
        y1313 = a
    if a == 1314:
        x1314 = a
    else:
        y1314 = a
    if a == 1315:
        x1315 = a
    else:
        y1315 = a
    if a == 1316:
        x1316 = a
    else:
        y1316 = a
    if a == 1317:
        x1317 = a
    else:
        y1317 = a
    if a == 1318:
        x1318 = a
    else:
        y1318 = a
    if a == 1319:
        x1319 = a
    else:
        y1319 = a
    if a == 1320:
        x1320 = a
    else:
        y1320 = a
    if a == 1321:
        x1321 = a
    else:
        y1321 = a
    if a == 1322:
        x1322 = a
    else:
        y1322 = a
    if a == 1323:
        x1323 = a
    else:
        y1323 = a
    if a == 1324:
        x1324 = a
    else:
        y1324 = a
    if a == 1325:
        x1325 = a
    else:
        y1325 = a
    if a == 1326:
        x1326 = a
    else:
        y1326 = a
    if a == 1327:
        x1327 = a
    else:
        y1327 = a
    if a == 1328:
        x1328 = a
    else:
        y1328 = a
    if a == 1329:
        x1329 = a
    else:
        y1329 = a
    if a == 1330:
        x1330 = a
    else:
        y1330 = a
    if a == 1331:
        x1331 = a
    else:
        y1331 = a
    if a == 1332:
        x1332 = a
    else:
        y1332 = a
    if a == 1333:
        x1333 = a
    else:
        y1333 = a
    if a == 1334:
        x1334 = a
    else:
        y1334 = a
    if a == 1335:
        x1335 = a
    else:
        y1335 = a
    if a == 1336:
        x1336 = a
    else:
        y1336 = a
    if a == 1337:
        x1337 = a
    else:
        y1337 = a
    if a == 1338:
        x1338 = a
    else:
        y1338 = a
    if a == 1339:
        x1339 = a
    else:
        y1339 = a
    if a == 1340:
        x1340 = a
    else:
        y1340 = a
    if a == 1341:
        x1341 = a
    else:
        y1341 = a
    if a == 1342:
        x1342 = a
    else:
        y1342 = a
    if a == 1343:
        x1343 = a
    else:
        y1343 = a
    if a == 1344:
        x1344 = a
    else:
        y1344 = a
    if a == 1345:
        x1345 = a
    else:
        y1345 = a
    if a == 1346:
        x1346 = a
    else:
        y1346 = a
    if a == 1347:
        x1347 = a
    else:
        y1347 = a
    if a == 1348:
        x1348 = a
    else:
        y1348 = a
    if a == 1349:
        x1349 = a
    else:
        y1349 = a
    if a == 1350:
        x1350 = a
    else:
        y1350 = a
    if a == 1351:
        x1351 = a
    else:
        y1351 = a
    if a == 1352:
        x1352 = a
    else:
        y1352 = a
    if a == 1353:
        x1353 = a
    else:
        y1353 = a
    if a == 1354:
        x1354 = a
    else:
        y1354 = a
    if a == 1355:
        x1355 = a
    else:
        y1355 = a
    if a == 1356:
        x1356 = a
    else:
        y1356 = a
    if a == 1357:
        x1357 = a
    else:
        y1357 = a
    if a == 1358:
        x1358 = a
    else:
        y1358 = a
    if a == 1359:
        x1359 = a
    else:
        y1359 = a
    if a == 1360:
        x1360 = a
    else:
        y1360 = a
    if a == 1361:
        x1361 = a
    else:
        y1361 = a
    if a == 1362:
        x1362 = a
    else:
        y1362 = a
    if a == 1363:
        x1363 = a
    else:
        y1363 = a
    if a == 1364:
        x1364 = a
    else:
        y1364 = a
    if a == 1365:
        x1365 = a
    else:
        y1365 = a
    if a == 1366:
        x1366 = a
    else:
        y1366 = a
    if a == 1367:
        x1367 = a
    else:
        y1367 = a
    if a == 1368:
        x1368 = a
    else:
        y1368 = a
    if a == 1369:
        x1369 = a
    else:
        y1369 = a
    if a == 1370:
        x1370 = a
    else:
        y1370 = a
    if a == 1371:
        x1371 = a
    else:
        y1371 = a
    if a == 1372:
        x1372 = a
    else:
        y1372 = a
    if a == 1373:
        x1373 = a
    else:
        y1373 = a
    if a == 1374:
        x1374 = a
    else:
        y1374 = a
    if a == 1375:
        x1375 = a
    else:
        y1375 = a
    if a == 1376:
        x1376 = a
    else:
        y1376 = a
    if a == 1377:
        x1377 = a
    else:
        y1377 = a
    if a == 1378:
        x1378 = a
    else:
        y1378 = a
    if a == 1379:
        x1379 = a
    else:
        y1379 = a
    if a == 1380:
        x1380 = a
    else:
        y1380 = a
    if a == 1381:
        x1381 = a
    else:
        y1381 = a
    if a == 1382:
        x1382 = a
    else:
        y1382 = a
    if a == 1383:
        x1383 = a
    else:
        y1383 = a
    if a == 1384:
        x1384 = a
    else:
        y1384 = a
    if a == 1385:
        x1385 = a
    else:
        y1385 = a
    if a == 1386:
        x1386 = a
    else:
        y1386 = a
    if a == 1387:
        x1387 = a
    else:
        y1387 = a
    if a == 1388:
        x1388 = a
    else:
        y1388 = a
    if a == 1389:
        x1389 = a
    else:
        y1389 = a
    if a == 1390:
        x1390 = a
    else:
        y1390 = a
    if a == 1391:
        x1391 = a
    else:
        y1391 = a
    if a == 1392:
        x1392 = a
    else:
        y1392 = a
    if a == 1393:
        x1393 = a
    else:
        y1393 = a
    if a == 1394:
        x1394 = a
    else:
        y1394 = a
    if a == 1395:
        x1395 = a
    else:
        y1395 = a
    if a == 1396:
        x1396 = a
    else:
        y1396 = a
    if a == 1397:
        x1397 = a
    else:
        y1397 = a
    if a == 1398:
        x1398 = a
    else:
        y1398 = a
    if a == 1399:
        x1399 = a
    else:
        y1399 = a
    if a == 1400:
        x1400 = a
    else:
        y1400 = a
    if a == 1401:
        x1401 = a
    else:
        y1401 = a
    if a == 1402:
        x1402 = a
    else:
        y1402 = a
    if a == 1403:
        x1403 = a
    else:
        y1403 = a
    if a == 1404:
        x1404 = a
    else:
        y1404 = a
    if a == 1405:
        x1405 = a
    else:
        y1405 = a
    if a == 1406:
        x1406 = a
    else:
        y1406 = a
    if a == 1407:
        x1407 = a
    else:
        y1407 = a
    if a == 1408:
        x1408 = a
    else:
        y1408 = a
    if a == 1409:
        x1409 = a
    else:
        y1409 = a
    if a == 1410:
        x1410 = a
    else:
        y1410 = a
    if a == 1411:
        x1411 = a
    else:
        y1411 = a
    if a == 1412:
        x1412 = a
    else:
        y1412 = a
    if a == 1413:
        x1413 = a
    else:
        y1413 = a
    if a == 1414:
        x1414 = a
    else:
        y1414 = a
    if a == 1415:
        x1415 = a
    else:
        y1415 = a
    if a == 1416:
        x1416 = a
    else:
        y1416 = a
    if a == 1417:
        x1417 = a
    else:
        y1417 = a
    if a == 1418:
        x1418 = a
    else:
        y1418 = a
    if a == 1419:
        x1419 = a
    else:
        y1419 = a
    if a == 1420:
        x1420 = a
    else:
        y1420 = a
    if a == 1421:
        x1421 = a
    else:
        y1421 = a
    if a == 1422:
        x1422 = a
    else:
        y1422 = a
    if a == 1423:
        x1423 = a
    else:
        y1423 = a
    if a == 1424:
        x1424 = a
    else:
        y1424 = a
    if a == 1425:
        x1425 = a
    else:
        y1425 = a
    if a == 1426:
        x1426 = a
    else:
        y1426 = a
    if a == 1427:
        x1427 = a
    else:
        y1427 = a
    if a == 1428:
        x1428 = a
    else:
        y1428 = a
    if a == 1429:
        x1429 = a
    else:
        y1429 = a
    if a == 1430:
        x1430 = a
    else:
        y1430 = a
    if a == 1431:
        x1431 = a
    else:
        y1431 = a
    if a == 1432:
        x1432 = a
    else:
        y1432 = a
    if a == 1433:
        x1433 = a
    else:
        y1433 = a
    if a == 1434:
        x1434 = a
    else:
        y1434 = a
    if a == 1435:
        x1435 = a
    else:
        y1435 = a
    if a == 1436:
        x1436 = a
    else:
        y1436 = a
    if a == 1437:
        x1437 = a
    else:
        y1437 = a
    if a == 1438:
        x1438 = a
    else:
        y1438 = a
    if a == 1439:
        x1439 = a
    else:
        y1439 = a
    if a == 1440:
        x1440 = a
    else:
        y1440 = a
    if a == 1441:
        x1441 = a
    else:
        y1441 = a
    if a == 1442:
        x1442 = a
    else:
        y1442 = a
    if a == 1443:
        x1443 = a
    else:
        y1443 = a
    if a == 1444:
        x1444 = a
    else:
        y1444 = a
    if a == 1445:
        x1445 = a
    else:
        y1445 = a
    if a == 1446:
        x1446 = a
    else:
        y1446 = a
    if a == 1447:
        x1447 = a
    else:
        y1447 = a
    if a == 1448:
        x1448 = a
    else:
        y1448 = a
    if a == 1449:
        x1449 = a
    else:
        y1449 = a
    if a == 1450:
        x1450 = a
    else:
        y1450 = a
    if a == 1451:
        x1451 = a
    else:
        y1451 = a
    if a == 1452:
        x1452 = a
    else:
        y1452 = a
    if a == 1453:
        x1453 = a
    else:
        y1453 = a
    if a == 1454:
        x1454 = a
    else:
        y1454 = a
    if a == 1455:
        x1455 = a
    else:
        y1455 = a
    if a == 1456:
        x1456 = a
    else:
        y1456 = a
    if a == 1457:
        x1457 = a
    else:
        y1457 = a
    if a == 1458:
        x1458 = a
    else:
        y1458 = a
    if a == 1459:
        x1459 = a
    else:
        y1459 = a
    if a == 1460:
        x1460 = a
    else:
        y1460 = a
    if a == 1461:
        x1461 = a
    else:
        y1461 = a
    if a == 1462:
        x1462 = a
    else:
        y1462 = a
    if a == 1463:
        x1463 = a
    else:
        y1463 = a
    if a == 1464:
        x1464 = a
    else:
        y1464 = a
    if a == 1465:
        x1465 = a
    else:
        y1465 = a
    if a == 1466:
        x1466 = a
    else:
        y1466 = a
    if a == 1467:
        x1467 = a
    else:
        y1467 = a
    if a == 1468:
        x1468 = a
    else:
        y1468 = a
    if a == 1469:
        x1469 = a
    else:
        y1469 = a
    if a == 1470:
        x1470 = a
    else:
        y1470 = a
    if a == 1471:
        x1471 = a
    else:
        y1471 = a
    if a == 1472:
        x1472 = a
    else:
        y1472 = a
    if a == 1473:
        x1473 = a
    else:
        y1473 = a
    if a == 1474:
        x1474 = a
    else:
        y1474 = a
    if a == 1475:
        x1475 = a
    else:
        y1475 = a
    if a == 1476:
        x1476 = a
    else:
        y1476 = a
    if a == 1477:
        x1477 = a
    else:
        y1477 = a
    if a == 1478:
        x1478 = a
    else:
        y1478 = a
    if a == 1479:
        x1479 = a
    else:
        y1479 = a
    if a == 1480:
        x1480 = a
    else:
        y1480 = a
    if a == 1481:
        x1481 = a
    else:
        y1481 = a
    if a == 1482:
        x1482 = a
    else:
        y1482 = a
    if a == 1483:
        x1483 = a
    else:
        y1483 = a
    if a == 1484:
        x1484 = a
    else:
        y1484 = a
    if a == 1485:
        x1485 = a
    else:
        y1485 = a
    if a == 1486:
        x1486 = a
    else:
        y1486 = a
    if a == 1487:
        x1487 = a
    else:
        y1487 = a
    if a == 1488:
        x1488 = a
    else:
        y1488 = a
    if a == 1489:
        x1489 = a
    else:
        y1489 = a
    if a == 1490:
        x1490 = a
    else:
        y1490 = a
    if a == 1491:
        x1491 = a
    else:
        y1491 = a
    if a == 1492:
        x1492 = a
    else:
        y1492 = a
    if a == 1493:
        x1493 = a
    else:
        y1493 = a
    if a == 1494:
        x1494 = a
    else:
        y1494 = a
    if a == 1495:
        x1495 = a
    else:
        y1495 = a
    if a == 1496:
        x1496 = a
    else:
        y1496 = a
    if a == 1497:
        x1497 = a
    else:
        y1497 = a
    if a == 1498:
        x1498 = a
    else:
        y1498 = a
    if a == 1499:
        x1499 = a
    else:
        y1499 = a
