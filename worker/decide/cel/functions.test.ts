// Kubernetes' functions, each by what its documentation says of it.

import { describe, expect, test } from 'vitest'
import { compileText, environment } from './language.ts'

const ENVIRONMENT = environment()
  .registerVariable('x', 'dyn')
  .registerVariable('empty', 'list<int>')
  .registerVariable('t', 'google.protobuf.Timestamp')

const VALUES: ReadonlyMap<string, unknown> = new Map<string, unknown>([
  ['x', { name: 'aXb', image: 'registry.example/team/app:v1.2', n: 3n, list: [3n, 1n, 2n, 3n], none: null }],
  ['empty', []],
  ['t', new Date('2026-03-01T23:30:15.250Z')],
])

/** The value, or what is wrong: of the text before a colon, of its evaluation after one. */
function judged(text: string): unknown {
  const compiled = compileText(ENVIRONMENT, text)
  if (!compiled.ok) return `refused: ${compiled.problems[0]?.message}`
  const outcome = compiled.program.run((name) => VALUES.get(name))
  return outcome.ok ? outcome.value : `fails: ${outcome.reason}`
}

const TRUE: Readonly<Record<string, readonly string[]>> = {
  quantities: [
    'isQuantity("1.3G") && isQuantity("500m") && isQuantity("-1e3") && isQuantity("1Ki") && isQuantity(".5") && isQuantity("1.")',
    '!isQuantity("1.3H") && !isQuantity("") && !isQuantity("1 G") && !isQuantity("1GiB") && !isQuantity("e5") && !isQuantity(".")',
    'quantity("500000G").isInteger() && quantity("1Gi").isInteger() && !quantity("50m").isInteger()',
    '!quantity("9999999999999999999999999999999999999G").isInteger()',
    'quantity("50k").asInteger() == 50000 && quantity("-2Ki").asInteger() == -2048',
    'quantity("50.703k").asApproximateFloat() == 50703.0',
    'quantity("200M").compareTo(quantity("0.2G")) == 0 && quantity("1").compareTo(quantity("2")) == -1',
    'quantity("150Mi").isGreaterThan(quantity("100Mi")) && quantity("50M").isLessThan(quantity("100M"))',
    'quantity("50k").add(quantity("20")) == quantity("50020") && quantity("50k").sub(20000) == quantity("30k")',
    'quantity("50k").add(20).sub(quantity("100k")).sign() == -1 && quantity("0").sign() == 0',
    'quantity("1Gi") == quantity("1024Mi") && quantity("1") != quantity("1m")',
    'quantity("0.0000000001") == quantity("1n")',
    'quantity(string(x.n)) == quantity("3")',
  ],
  addresses: [
    'isIP("192.168.0.1") && isIP("::1") && isIP("2001:db8::1:0:0:1") && isIP("64:ff9b::192.0.2.33")',
    '!isIP("192.168.0.256") && !isIP("192.168.00.1") && !isIP("1.2.3") && !isIP("::ffff:1.2.3.4") && !isIP("fe80::1%eth0")',
    '!isIP("1:2:3:4:5:6:7:8:9") && !isIP(":::") && !isIP("1::2::3") && !isIP("1:2:3:4:5:6:7::8") && !isIP("12345::")',
    'ip("127.0.0.1").family() == 4 && ip("::1").family() == 6',
    'ip.isCanonical("127.0.0.1") && ip.isCanonical("2001:db8::abcd") && !ip.isCanonical("2001:DB8::ABCD") && !ip.isCanonical("2001:db8::0:0:0:abcd")',
    'string(ip("2001:db8:0:0:1:0:0:1")) == "2001:db8::1:0:0:1" && string(ip("0:0:0:0:0:0:0:0")) == "::"',
    'ip("0.0.0.0").isUnspecified() && ip("::").isUnspecified() && !ip("127.0.0.1").isUnspecified()',
    'ip("127.0.0.1").isLoopback() && ip("::1").isLoopback() && !ip("192.168.0.1").isLoopback()',
    'ip("224.0.0.1").isLinkLocalMulticast() && ip("ff02::1").isLinkLocalMulticast() && !ip("224.0.1.1").isLinkLocalMulticast()',
    'ip("169.254.169.254").isLinkLocalUnicast() && ip("fe80::1").isLinkLocalUnicast() && !ip("fd80::1").isLinkLocalUnicast()',
    'ip("192.168.0.1").isGlobalUnicast() && !ip("255.255.255.255").isGlobalUnicast() && ip("2001:db8::abcd").isGlobalUnicast() && !ip("ff00::1").isGlobalUnicast()',
    'isCIDR("192.168.0.0/16") && isCIDR("::1/128") && !isCIDR("192.168.0.0/33") && !isCIDR("192.168.0.0") && !isCIDR("::1/129") && !isCIDR("1.2.3.4/08")',
    'cidr("192.168.0.0/24").containsIP("192.168.0.1") && cidr("192.168.0.0/24").containsIP(ip("192.168.0.255")) && !cidr("192.168.0.0/24").containsIP("192.168.1.1")',
    '!cidr("0.0.0.0/0").containsIP("::1") && cidr("::/0").containsIP("::1")',
    'cidr("192.168.0.0/16").containsCIDR("192.168.10.0/24") && cidr("192.168.1.0/24").containsCIDR(cidr("192.168.1.0/24")) && !cidr("192.168.0.0/24").containsCIDR("192.168.0.0/23")',
    'cidr("192.168.1.5/24").ip() == ip("192.168.1.5") && cidr("192.168.1.5/24").masked() == cidr("192.168.1.0/24") && cidr("::1/128").prefixLength() == 128',
    'string(cidr("192.168.0.0/24")) == "192.168.0.0/24"',
  ],
  urls: [
    'isURL("https://example.com:80/") && isURL("/absolute-path") && isURL("mailto:a@b") && !isURL("../relative") && !isURL("https://a:b:c/") && !isURL("")',
    'url("https://example.com:80/").getHost() == "example.com:80" && url("https://example.com/").getHost() == "example.com"',
    'url("https://[::1]:80/").getHost() == "[::1]:80" && url("https://[::1]:80/").getHostname() == "::1" && url("https://[::1]:80/").getPort() == "80"',
    'url("/path").getScheme() == "" && url("HTTPS://u:p@h/").getScheme() == "https" && url("https://u:p@h/").getHost() == "h"',
    'url("https://example.com/path with spaces/").getEscapedPath() == "/path%20with%20spaces/" && url("https://h/a%2fb").getEscapedPath() == "/a%2fb"',
    'url("https://h/../a").getEscapedPath() == "/../a" && url("https://h").getEscapedPath() == ""',
    'url("https://example.com/path?k1=a&k2=b&k2=c").getQuery()["k2"] == ["b", "c"] && url("https://h/?key with spaces=v+w").getQuery() == {"key with spaces": ["v w"]}',
    'url("https://example.com/path?").getQuery() == {} && url("https://h:443").getPort() == "443" && url("https://h").getPort() == ""',
  ],
  lists: [
    '[1, 2, 3].isSorted() && ["a", "b", "b", "c"].isSorted() && ![2.0, 1.0].isSorted() && [].isSorted() && [1].isSorted()',
    '[1, 3].sum() == 4 && [1.0, 3.0].sum() == 4.0 && empty.sum() == 0 && [duration("1m"), duration("1s")].sum() == duration("1m1s")',
    '[1, 3].min() == 1 && [1, 3].max() == 3 && x.list.max() == 3 && ["b", "a"].min() == "a"',
    '[1, 2, 2, 3].indexOf(2) == 1 && ["a", "b", "b", "c"].lastIndexOf("b") == 2 && [1.0].indexOf(1.1) == -1',
    '[1, 2, 2, 3, 3, 3].distinct() == [1, 2, 3] && ["b", "b", "c", "a", "c"].distinct() == ["b", "c", "a"] && [{"a": 1}, {"a": 1}].distinct().size() == 1',
    '[[1], [2, 3], [[4]]].flatten() == [1, 2, 3, [4]] && [1, [2, [3, [4]]]].flatten(2) == [1, 2, 3, [4]]',
    '[1, 2, 3, 4].slice(1, 3) == [2, 3] && [1].slice(1, 1) == []',
    '[5, 1, 3].sort() == [1, 3, 5] && x.list.sort() == [1, 2, 3, 3] && [3, 1].reverse() == [1, 3] && lists.range(3) == [0, 1, 2]',
    'sets.contains([1, 2, 3], [2, 3]) && sets.contains([], []) && !sets.contains([1], [2]) && sets.contains([[1], [2, 3]], [[2, 3.0]])',
    'sets.equivalent([1], [1, 1]) && !sets.equivalent([1], [1, 2]) && sets.intersects([1], [2, 1]) && !sets.intersects([1], [])',
  ],
  strings: [
    '"hello".charAt(4) == "o" && "hello".charAt(5) == "" && "x😀y".charAt(2) == "y"',
    '"hello mellow".indexOf("") == 0 && "hello mellow".indexOf("ello", 2) == 7 && "x😀y".indexOf("y") == 2 && "hello".indexOf("jello") == -1',
    '"hello mellow".lastIndexOf("ello") == 7 && "hello mellow".lastIndexOf("ello", 6) == 1 && "x😀y😀".lastIndexOf("😀") == 3',
    '["hello", "mellow"].join() == "hellomellow" && ["hello", "mellow"].join(" ") == "hello mellow" && x.list.map(i, string(i)).join(",") == "3,1,2,3"',
    '"TacoCat".lowerAscii() == "tacocat" && "TacoCÆt Xii".lowerAscii() == "tacocÆt xii" && "TacoCÆt Xii".upperAscii() == "TACOCÆT XII"',
    '"hello hello".replace("he", "we") == "wello wello" && "hello hello".replace("he", "we", 1) == "wello hello" && "ab".replace("", "-") == "-a-b-" && "a$b".replace("b", "$&") == "a$$&"',
    '"hello hello hello".split(" ", 2) == ["hello", "hello hello"] && "a😀".split("") == ["a", "😀"] && "a,b".split(",", 0).size() == 0',
    '"tacocat".substring(4) == "cat" && "tacocat".substring(0, 4) == "taco" && "ta😀cat".substring(2, 4) == "😀c"',
    '"  \\ttrim\\n ".trim() == "trim" && "\\u0085x\\u3000".trim() == "x" && "\\u200bx".trim() == "\\u200bx"',
    '"gums".reverse() == "smug" && strings.quote("a\\n\\"b\\"") == "\\"a\\\\n\\\\\\"b\\\\\\"\\""',
    '"%s is %d, %.2f, %x, %b, %o, %e, %%".format(["a", 10, 3.14159, 255, 5, 8, 1000.0]) == "a is 10, 3.14, ff, 101, 10, 1.000000e+03, %"',
    '"%s %s %s".format([[1, "a"], {"b": true, "a": null}, duration("90s")]) == "[1, a] {a: null, b: true} 90s"',
    '"abc".find("[bc]+") == "bc" && "abc".find("x") == "" && "123 abc 456".findAll("[0-9]+") == ["123", "456"] && "123 abc 456".findAll("[0-9]+", 1) == ["123"] && "1".findAll("[0-9]", 0) == []',
    'x.image.matches("^registry\\\\.example/[a-z/]+:v[0-9.]+$") && !x.image.matches("^docker") && matches("abc", "b") && !"a\\nb".matches("a.b")',
    'x.image.matches("^" + "registry") && "aaa".findAll("a*?") .size() > 0',
    'x.image.startsWith("registry.example/") && x.image.endsWith("v1.2") && x.image.contains("team") && size("😀") == 1',
  ],
  times: [
    't.getFullYear() == 2026 && t.getMonth() == 2 && t.getDate() == 1 && t.getDayOfMonth() == 0 && t.getDayOfWeek() == 0 && t.getDayOfYear() == 59',
    't.getHours("Asia/Tokyo") == 8 && t.getDate("Asia/Tokyo") == 2 && t.getDayOfWeek("Asia/Tokyo") == 1 && t.getMinutes("+05:45") == 15',
    't.getSeconds() == 15 && t.getMilliseconds() == 250',
    't - duration("1h") < t && t + duration("30m") == timestamp("2026-03-02T00:00:15.250Z") && t - timestamp("2026-03-01T00:00:00Z") == duration("23h30m15.25s")',
    'string(t) == "2026-03-01T23:30:15.25Z" && int(t) == 1772407815 && timestamp(1772407815) < t && string(duration("1.5h")) == "5400s"',
    'timestamp("2026-03-02T01:30:15.250+02:00") == t && duration("90m").getHours() == 1 && duration("-1.5s").getMilliseconds() == -500',
  ],
}

describe.each(Object.entries(TRUE))('%s', (_group, texts) => {
  test.each(texts)('%s', (text) => {
    expect(judged(text)).toBe(true)
  })
})

test.each([
  ['quantity("Three") == quantity("3")', 'refused: quantity() of a text that is no quantity'],
  ['quantity(x.name).isInteger()', 'fails: quantity() of a text that is no quantity'],
  ['quantity("50m").asInteger()', 'fails: asInteger() of a quantity that is no 64-bit integer'],
  ['quantity("1e400").sign()', 'refused: quantity() of a text that is no quantity'],
  ['ip("192.168.0.256")', 'refused: a text that is no IP address'],
  ['ip.isCanonical("not an ip")', 'fails: a text that is no IP address'],
  ['cidr("10.0.0.0/8").containsIP("x")', 'fails: a text that is no IP address'],
  ['cidr(x.name)', 'fails: a text that is no CIDR'],
  ['url("../relative")', 'refused: url() of a text that is no URL'],
  ['empty.min()', 'fails: min() or max() of an empty list'],
  ['x.sum()', 'fails: "sum" is not defined for a map'],
  ['x.name.split("").sum()', 'fails: sum() of a list that is not of numbers'],
  ['[dyn(1), dyn("a")].sort()', 'fails: an int and a string have no order'],
  ['[1].slice(0, 2)', 'fails: index out of range'],
  ['[[1]].flatten(-1)', 'fails: flatten() to a negative depth'],
  ['"a".charAt(2)', 'fails: index out of range'],
  ['"a".substring(1, 0)', 'fails: index out of range'],
  ['"%d".format([])', 'fails: format() with too few values'],
  ['"%d".format(["a"])', 'fails: "%d" does not take a string'],
  ['"%z".format([1])', 'fails: format() with an unknown verb'],
  ['[1, 2].join()', 'refused: there is no function list.join()'],
  ['[dyn(1)].join()', 'fails: a list with something other than strings'],
  ['x.name.matches(x.name + "(")', 'fails: not a pattern in the syntax of RE2'],
  ['x.name.matches("(" + "a".replace("a", "b".replace("b", "c"))) || true', true],
  ['t.getHours("Europe/Nowhere")', 'fails: no such time zone'],
  ['t.getHours("../../etc/passwd")', 'fails: no such time zone'],
  ['timestamp("2026-02-30T00:00:00Z")', 'refused: timestamp() of a text that is no RFC 3339 time'],
  ['timestamp("2026-03-01")', 'refused: timestamp() of a text that is no RFC 3339 time'],
  ['duration("1d")', 'refused: duration() of a text that is no duration'],
  ['int("1.5")', 'fails: int() of a text that is no number'],
  ['int("9223372036854775808")', 'fails: integer out of range'],
  ['9223372036854775807 + 1', 'fails: integer out of range'],
  ['-(-9223372036854775808)', 'fails: integer out of range'],
  ['-9223372036854775808 / -1', 'fails: integer out of range'],
  ['1u - 2u', 'fails: unsigned integer out of range'],
  ['{"a": 1, "a": 2}', 'fails: a key twice in one map'],
  ['x.name.images()', 'fails: "images" is not defined for a string'],
  ['lists.range(10001)', 'fails: lists.range() out of range'],
])('%s: %s', (text, result) => {
  expect(judged(text)).toBe(result)
})
