"""Answers to word problems in a second way: from the numbers in the text alone, by counting, trying and simulating.

Nothing here reads the steps that the problems carry, and where the steps use a formula, this goes through the cases.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Callable, Iterator
from fractions import Fraction
from itertools import combinations, count, product
from math import ceil, floor
from typing import Final


def answer(kind: str, question: str) -> int:
    """What a question of this kind asks for."""
    found = WAYS[kind](*map(int, re.findall(r"\d+", question)))
    assert found == int(found)
    return int(found)


def _first(numbers: Iterator[int]) -> int:
    return next(numbers)


def _full_tank(cap: int, start: int, rate: int, loss: int) -> int:
    minutes = 0
    while start < cap:
        start, minutes = start + rate - loss, minutes + 1
    return minutes


def _weeks(goal: int, start: int, earned: int, spent: int) -> int:
    weeks = 0
    while start < goal:
        start, weeks = start + earned - spent, weeks + 1
    return weeks


def _reading(pages: int, a: int, d: int, b: int) -> int:
    return _first(day for day in count(1) if sum(a if each < d else b for each in range(day)) >= pages)


def _two_printers(a: int, m: int, b: int, pages: int) -> int:
    return _first(now for now in count(1) if sum(a + (b if minute >= m else 0) for minute in range(now)) >= pages)


def _between(h: int, m: int, ads: int, length: int, last: int, _: int) -> Fraction:
    day = dt.datetime(2024, 5, 31)  # noqa: DTZ001  # clocks on a wall
    end = day.replace(hour=h, minute=m) + dt.timedelta(minutes=ads) + dt.timedelta(minutes=length)
    return Fraction((day.replace(hour=last) - end).seconds, 60)


def _landing(m: int, k: int, pause: int, h: int, _: int, later: int, __: int) -> Fraction:
    day = dt.datetime(2024, 5, 31)  # noqa: DTZ001  # clocks on a wall
    end = day.replace(hour=h) + dt.timedelta(minutes=m) * 2 + dt.timedelta(minutes=k + pause)
    return Fraction((end - day.replace(hour=later)).seconds, 60)


def _catching_up(a: int, head: int, b: int) -> int:
    return b * _first(hour for hour in count(1) if b * hour >= head + a * hour)


def _meeting(way: int, a: int, b: int) -> int:
    hours = _first(hour for hour in count(1) if a * hour + b * hour >= way)
    return (b - a) * hours


def _hens_and_rabbits(heads: int, legs: int) -> int:
    return _first(heads - 2 * rabbits for rabbits in range(heads) if 4 * rabbits + 2 * (heads - rabbits) == legs)


def _coins(n: int, x: int, y: int, value: int, _: int) -> int:
    return _first(many for many in range(n + 1) if (n - many) * x + many * y == value)


def _games(g: int, n: int, f: int, m: int) -> int:
    return m * (sum(len(list(combinations(range(n), 2))) for _ in range(g)) + f)


def _pool(length: int, w: int, p: int, c: int) -> int:
    squares = product(range(-p, length + p), range(-p, w + p))
    return c * sum(not (0 <= x < length and 0 <= y < w) for x, y in squares)


def _posts(length: int, w: int, k: int, p: int) -> int:
    """Each corner once, and what stands between corners."""
    return p * (4 + 2 * (length // k - 1) + 2 * (w // k - 1))


def _cubes(e: int, length: int, w: int, h: int, gap: int) -> int:
    return length * w * h // e**3 - gap


def _trip(c: int, s: int, t: int, seats: int, bus: int, p: int, grant: int) -> int:
    buses = _first(each for each in count(1) if each * seats >= c * (s + t))
    return buses * bus + sum(p for _ in range(c * s)) - grant


def _shared_sweets(mine: int, bags: int, each: int, n: int) -> int:
    return (mine + sum([each] * bags)) % n


def _doubled(n: int, hours: int, out: int, more: int) -> int:
    return ((n << hours) - out) << more


def _percentages(n: int, p: int, q: int) -> Fraction:
    return n * (1 + Fraction(p, 100)) * (1 - Fraction(q, 100))


WAYS: Final[dict[str, Callable[..., int | Fraction]]] = {
    # 1_shopping
    "change-for-two-kinds": lambda a, p, b, q, paid: paid - sum([p] * a + [q] * b),
    "discount": lambda price, percent, n: n * price * (1 - Fraction(percent, 100)),
    "saving-up": _weeks,
    "shared-bill": lambda n, meal, drinks, tip: meal + Fraction(drinks, n) + Fraction(tip, n),
    "whole-packs": lambda shirts, each, pack: -(shirts * each) % pack,
    "market-stall": lambda a, b, c, d, p, q, rent: a * p + b * q - c * p - d * q - rent,
    "two-shops": lambda m, x, k, y, n: n * (Fraction(y, k) - Fraction(x, m)),
    "telephone-bill": lambda fee, free, cents, used: 100 * fee + sum(cents for _ in range(free, used)),
    "deposits": lambda a, p, b, q, k, r: sum([p] * a + [q] * b + [-r] * k),
    "half-price-tickets": lambda p, a, c, voucher: Fraction(p * (2 * a + c), 2) - voucher,
    "profit-by-piece": lambda n, x, p, broken: n * p - broken * p - x,
    "instalments": lambda down, month, months, cash: down - cash + sum([month] * months),
    # 2_work
    "workers-who-join": lambda m, t, h, n, k: t * (m * (h + k) + n * k),
    "tank": _full_tank,
    "reading-faster": _reading,
    "end-of-the-film": _between,
    "wages": lambda a, d, b, w, weeks: w * sum(([a] * d + [b]) * weeks),
    "overtime": lambda w, n, x, tax: w * (n + 2 * x) - tax,
    "two-printers": _two_printers,
    "two-candles": lambda length, r, s, t, h: length - s + h * (t - r),
    "tulips": lambda rows, each, k, picked: sum(place % k != 0 for place in range(rows * each)) - picked,
    "faulty-parts": lambda a, n, h, sold: sum(part % n != 0 for part in range(1, a * h + 1)) - sold,
    "eggs": lambda hens, e, weeks, broken, box: floor(Fraction(hens * e * weeks - broken, box)),
    "bakery-day": lambda trays, each, burnt, sold, bag: ceil(
        Fraction(Fraction(sum([each] * trays) - burnt, 2) - sold, bag)
    ),
    "relay-of-helpers": lambda a, t, b, m, n: Fraction(a * (m + n) + b * m, t),
    # 3_travel
    "two-legs-and-fuel": lambda s, h, t, k, used, ten: Fraction(used, ten) * (sum([s] * h) + sum([t] * k)),
    "catching-up": _catching_up,
    "meeting": _meeting,
    "bus-stops": lambda n, a, b, c, d: Fraction(n - a - c + b + d, 2),
    "free-seats": lambda rows, each, booked, more, g: len(range(g, rows * each - (booked + more) + 1, g)),
    "four-days-on-foot": lambda total, a, c: total - 5 * a + c,
    "laps": lambda lap, a, b, d, c: sum([lap] * (a * d)) + sum([lap] * (b * d)) - c,
    "lift": lambda f, a, b, c, h, _: h * sum([f, a, -b, c]),
    "there-and-back": _landing,
    "tram-and-walk": lambda a, stops, between, b, d: 2 * d * sum([a, b, *[between] * stops]),
    "refuelling": lambda start, use, h, more, k: start + more - use * (h + k),
    # 4_amounts
    "gift-and-purchase": lambda start, given, bought: start + bought - given,
    "boxes-and-loose-ones": lambda boxes, each, loose: sum([each] * boxes, loose),
    "times-as-many": lambda k, n: sum([n] * (k - 1)),
    "ages-together": lambda a, b, both: _first(years for years in count() if a + years + b + years == both),
    "times-as-old": lambda k, c, d, y: sum(age + y for age in (k * c, c, k * c - d)),
    "heads-and-legs": _hens_and_rabbits,
    "coins-of-two-values": _coins,
    "sharing-with-a-rest": _shared_sweets,
    "half-and-third": lambda start, bought: start * Fraction(1, 2) * Fraction(2, 3) + bought,
    "in-a-ratio": lambda n, b, a, extra: n * Fraction(b, a + b) + extra,
    "recipe-for-many": lambda p, g, q, have, bag: ceil((Fraction(g, p) * q - have) / bag),
    "wanted-average": lambda a, b, c, m: _first(d for d in range(400) if Fraction(a + b + c + d, 4) == m),
    "library-shelves": lambda s, b, lent, back, n, k: sum([b] * s + [k] * n) - (lent - back),
    "doubling": _doubled,
    "wedding-tables": lambda r, a, long, b, g, plus: sum([a] * r + [b] * long) - g - plus,
    "two-percentages": _percentages,
    "tournament": _games,
    "rows-of-a-theatre": lambda a, b, r, taken: sum(range(a, a + r * b, b)) - taken,
    "school-trip": _trip,
    # 5_shapes
    "painting-a-room": lambda length, w, h, n, a, cover: ceil(
        Fraction(sum([length * h, w * h, length * h, w * h]) - n * a, cover)
    ),
    "two-carpets": lambda a, b, c, d, p, work: work + sum(p for _ in range(a * b)) + sum(p for _ in range(c * d)),
    "fence-posts": _posts,
    "path-around-a-pool": _pool,
    "box-of-cubes": _cubes,
    "cutting-ribbon": lambda rolls, metres, piece, used: rolls * len(range(piece, 100 * metres + 1, piece)) - used,
    "tiles-on-a-floor": lambda length, w, t, spare: Fraction(100 * length * 100 * w, t * t) + spare,
}
