"""LLVM code for the operations that Numba has no word for; imported only while compiling.

Each function here has a Python twin of the same name (``vector.py``, ``integers.py``,
``threads.py``) that says what it does; the tests run both.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from llvmlite import ir
from numba import types
from numba.core import cgutils
from numba.extending import intrinsic

LANES = 16
VECTOR = ir.VectorType(ir.FloatType(), LANES)
I64 = ir.IntType(64)
FAST = ("reassoc", "contract", "nsz", "arcp")
EXACT = ("nsz",)  # Numba gives all its flags to an instruction that has none


def _element(builder: Any, pointer: Any, index: Any) -> Any:
    return builder.gep(pointer, [index])


def _chunk(builder: Any, pointer: Any, index: Any) -> Any:
    """Point at 16 floats; the loads and stores through it assume no more than float alignment."""
    return builder.bitcast(_element(builder, pointer, index), VECTOR.as_pointer())


def _load(builder: Any, pointer: Any, index: Any) -> Any:
    return builder.load(_chunk(builder, pointer, index), align=4)


def _store(builder: Any, value: Any, pointer: Any, index: Any) -> None:
    builder.store(value, _chunk(builder, pointer, index), align=4)


def _splat(builder: Any, value: Any) -> Any:
    first = builder.insert_element(ir.Constant(VECTOR, ir.Undefined), value, I64(0))
    mask = ir.Constant(ir.VectorType(ir.IntType(32), LANES), [0] * LANES)
    return builder.shuffle_vector(first, ir.Constant(VECTOR, ir.Undefined), mask)


def _chunks(builder: Any, n: Any) -> Any:
    """Loop over 0, 16, 32, ... below n."""
    return cgutils.for_range_slice(builder, I64(0), n, I64(LANES), I64)


def _fma(builder: Any, a: Any, b: Any, c: Any) -> Any:
    return builder.fadd(builder.fmul(a, b, flags=FAST), c, flags=FAST)


@intrinsic
def row_add(typing: Any, y: Any, x: Any, n: Any) -> Any:
    def codegen(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        y, x, n = args
        with _chunks(builder, n) as (k, _):
            total = builder.fadd(_load(builder, y, k), _load(builder, x, k), flags=FAST)
            _store(builder, total, y, k)
        return context.get_dummy_value()

    return types.void(y, x, types.int64), codegen


@intrinsic
def row_set(typing: Any, y: Any, a: Any, x: Any, n: Any) -> Any:
    def codegen(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        y, a, x, n = args
        factor = _splat(builder, a)
        with _chunks(builder, n) as (k, _):
            _store(builder, builder.fmul(factor, _load(builder, x, k), flags=FAST), y, k)
        return context.get_dummy_value()

    return types.void(y, types.float32, x, types.int64), codegen


@intrinsic
def row_axpy(typing: Any, y: Any, a: Any, x: Any, n: Any) -> Any:
    def codegen(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        y, a, x, n = args
        factor = _splat(builder, a)
        with _chunks(builder, n) as (k, _):
            new = _fma(builder, factor, _load(builder, x, k), _load(builder, y, k))
            _store(builder, new, y, k)
        return context.get_dummy_value()

    return types.void(y, types.float32, x, types.int64), codegen


@intrinsic
def row_dot(typing: Any, x: Any, y: Any, n: Any) -> Any:
    def codegen(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        x, y, n = args
        total = cgutils.alloca_once_value(builder, ir.Constant(VECTOR, [0.0] * LANES))
        with _chunks(builder, n) as (k, _):
            a, b = _load(builder, x, k), _load(builder, y, k)
            builder.store(_fma(builder, a, b, builder.load(total)), total)
        return _sum_lanes(builder, builder.load(total))

    return types.float32(x, y, types.int64), codegen


@intrinsic
def four_steps(typing: Any, w: Any, stride: Any, h: Any, a: Any, dh: Any, n: Any) -> Any:
    def codegen(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        w, stride, h, a, dh, n = args
        rows = [builder.mul(stride, I64(r)) for r in range(4)]
        steps = [_splat(builder, builder.load(_element(builder, a, I64(r)))) for r in range(4)]
        with _chunks(builder, n) as (k, _):
            some = _load(builder, h, k)
            grad = _load(builder, dh, k)
            places = [builder.add(row, k) for row in rows]
            old = [_load(builder, w, place) for place in places]
            for step, row in zip(steps, old, strict=True):
                grad = _fma(builder, step, row, grad)
            _store(builder, grad, dh, k)
            for step, row, place in zip(steps, old, places, strict=True):
                _store(builder, _fma(builder, step, some, row), w, place)
        return context.get_dummy_value()

    size = types.int64
    return types.void(w, size, h, a, dh, size), codegen


@intrinsic
def pick_dots(
    typing: Any, w: Any, picks: Any, count: Any, stride: Any, h: Any, out: Any, n: Any
) -> Any:
    def codegen(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        w, picks, count, stride, h, out, n = args
        with cgutils.for_range(builder, count) as loop:
            row = builder.mul(builder.load(_element(builder, picks, loop.index)), stride)
            total = cgutils.alloca_once_value(builder, ir.Constant(VECTOR, [0.0] * LANES))
            builder.store(ir.Constant(VECTOR, [0.0] * LANES), total)
            with _chunks(builder, n) as (k, _):
                some = _load(builder, w, builder.add(row, k))
                builder.store(_fma(builder, some, _load(builder, h, k), builder.load(total)), total)
            dot = _sum_lanes(builder, builder.load(total))
            builder.store(dot, _element(builder, out, loop.index))
        return context.get_dummy_value()

    size = types.int64
    return types.void(w, picks, size, size, h, out, size), codegen


@intrinsic
def pick_steps(
    typing: Any,
    w: Any,
    picks: Any,
    count: Any,
    stride: Any,
    h: Any,
    a: Any,
    dh: Any,
    n: Any,
) -> Any:
    def codegen(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        w, picks, count, stride, h, a, dh, n = args
        grad = cgutils.alloca_once(builder, VECTOR)
        with _chunks(builder, n) as (k, _):
            some = _load(builder, h, k)
            builder.store(_load(builder, dh, k), grad)
            with cgutils.for_range(builder, count) as loop:
                row = builder.mul(builder.load(_element(builder, picks, loop.index)), stride)
                step = _splat(builder, builder.load(_element(builder, a, loop.index)))
                at = builder.add(row, k)
                old = _load(builder, w, at)
                builder.store(_fma(builder, step, old, builder.load(grad)), grad)
                _store(builder, _fma(builder, step, some, old), w, at)
            _store(builder, builder.load(grad), dh, k)
        return context.get_dummy_value()

    size = types.int64
    return types.void(w, picks, size, size, h, a, dh, size), codegen


@intrinsic
def nearest_centroid(
    typing: Any,
    x: Any,
    d: Any,
    centroids: Any,
    halves: Any,
    count: Any,
) -> Any:
    def codegen(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        x, d, centroids, halves, count = args
        ints = ir.VectorType(ir.IntType(32), LANES)
        lanes = ir.Constant(ints, list(range(LANES)))
        best = cgutils.alloca_once_value(builder, _all(3e38))
        which = cgutils.alloca_once_value(builder, ir.Constant(ints, [0] * LANES))
        builder.store(_all(3e38), best)
        builder.store(ir.Constant(ints, [0] * LANES), which)
        distance = cgutils.alloca_once(builder, VECTOR)
        with _chunks(builder, count) as (k, _):
            builder.store(_load(builder, halves, k), distance)
            with cgutils.for_range(builder, d) as loop:
                value = builder.fneg(builder.load(_element(builder, x, loop.index)))
                at = builder.add(builder.mul(loop.index, count), k)
                some = _load(builder, centroids, at)
                closer = _fma(builder, _splat(builder, value), some, builder.load(distance))
                builder.store(closer, distance)
            here = builder.load(distance)
            less = builder.fcmp_ordered("<", here, builder.load(best))
            builder.store(builder.select(less, here, builder.load(best)), best)
            first = builder.trunc(k, ir.IntType(32))
            base = builder.insert_element(ir.Constant(ints, ir.Undefined), first, I64(0))
            mask = ir.Constant(ints, [0] * LANES)
            base = builder.shuffle_vector(base, ir.Constant(ints, ir.Undefined), mask)
            builder.store(
                builder.select(less, builder.add(base, lanes), builder.load(which)), which
            )
        kind = ir.FunctionType(ir.FloatType(), [VECTOR])
        least = cgutils.get_or_insert_function(
            builder.module, kind, "llvm.vector.reduce.fmin.v16f32"
        )
        smallest = builder.call(least, [builder.load(best)])
        is_least = builder.fcmp_ordered("==", builder.load(best), _splat(builder, smallest))
        none = ir.Constant(ints, [2**31 - 1] * LANES)
        candidates = builder.select(is_least, builder.load(which), none)
        kind = ir.FunctionType(ir.IntType(32), [ints])
        first_of = cgutils.get_or_insert_function(
            builder.module, kind, "llvm.vector.reduce.umin.v16i32"
        )
        return builder.zext(builder.call(first_of, [candidates]), I64)

    size = types.int64
    return types.int64(x, size, centroids, halves, size), codegen


def _rounded_twice(builder: Any, a: Any, b: Any, c: Any) -> Any:
    return builder.fadd(c, builder.fmul(a, b, flags=EXACT), flags=EXACT)


def _block_products(
    builder: Any, x: Any, d: Any, table: Any, multiply_add: Any, n: int = 4
) -> list[Any]:
    """Multiply ``x[:d]`` with a table of d x 64 floats; return the first sums in n vectors."""
    parts = [cgutils.alloca_once(builder, VECTOR) for _ in range(n)]
    for part in parts:
        builder.store(_all(0.0), part)
    with cgutils.for_range(builder, d) as loop:
        value = _splat(builder, builder.load(_element(builder, x, loop.index)))
        row = builder.mul(loop.index, I64(64))
        for k, part in enumerate(parts):
            some = _load(builder, table, builder.add(row, I64(k * LANES)))
            builder.store(multiply_add(builder, value, some, builder.load(part)), part)
    return [builder.load(part) for part in parts]


@intrinsic
def block_reaches(typing: Any, x: Any, d: Any, table: Any, least: Any, out: Any) -> Any:
    def codegen(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        x, d, table, least, out = args
        products = _block_products(builder, x, d, table, _fma)
        limit = _splat(builder, least)
        any_lane = builder.fcmp_ordered(">=", products[0], limit)
        for product in products[1:]:
            any_lane = builder.or_(any_lane, builder.fcmp_ordered(">=", product, limit))
        reached = builder.icmp_unsigned(
            "!=", builder.bitcast(any_lane, ir.IntType(LANES)), ir.IntType(LANES)(0)
        )
        with builder.if_then(reached):
            for k, product in enumerate(products):
                _store(builder, product, out, I64(k * LANES))
        return builder.zext(reached, I64)

    size = types.int64
    return types.int64(x, size, table, types.float32, out), codegen


@intrinsic
def block_dots(typing: Any, x: Any, d: Any, table: Any, out: Any) -> Any:
    def codegen(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        x, d, table, out = args
        for k, product in enumerate(_block_products(builder, x, d, table, _rounded_twice)):
            _store(builder, product, out, I64(k * LANES))
        return context.get_dummy_value()

    return types.void(x, types.int64, table, out), codegen


@intrinsic
def half_block_dots(typing: Any, x: Any, d: Any, table: Any, out: Any) -> Any:
    def codegen(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        x, d, table, out = args
        for k, product in enumerate(_block_products(builder, x, d, table, _rounded_twice, 2)):
            _store(builder, product, out, I64(k * LANES))
        return context.get_dummy_value()

    return types.void(x, types.int64, table, out), codegen


@intrinsic
def sum_in_order(typing: Any, x: Any, n: Any) -> Any:
    def codegen(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        x, n = args
        total = cgutils.alloca_once_value(builder, ir.Constant(ir.FloatType(), 0.0))
        builder.store(ir.Constant(ir.FloatType(), 0.0), total)
        with cgutils.for_range(builder, n) as loop:
            some = builder.load(_element(builder, x, loop.index))
            builder.store(builder.fadd(builder.load(total), some, flags=EXACT), total)
        return builder.load(total)

    return types.float32(x, types.int64), codegen


@intrinsic
def rounded_product(typing: Any, a: Any, b: Any) -> Any:
    def codegen(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        return builder.fmul(*args, flags=EXACT)

    return types.float32(types.float32, types.float32), codegen


@intrinsic
def add_pairs(typing: Any, y: Any, a: Any, table: Any, codes: Any, n: Any) -> Any:
    def codegen(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        y, a, table, codes, n = args
        factor, pairs = _splat(builder, a), ir.VectorType(I64, LANES // 2)
        with cgutils.for_range_slice(builder, I64(0), n, I64(LANES // 2), I64) as (m, _):
            some = ir.Constant(pairs, ir.Undefined)
            for k in range(LANES // 2):
                code = builder.load(_element(builder, codes, builder.add(m, I64(k))))
                row = builder.mul(builder.add(m, I64(k)), I64(512))
                at = builder.add(row, builder.mul(builder.zext(code, I64), I64(2)))
                pair = builder.bitcast(_element(builder, table, at), I64.as_pointer())
                some = builder.insert_element(some, builder.load(pair, align=4), I64(k))
            place = builder.mul(m, I64(2))
            new = _rounded_twice(
                builder, factor, builder.bitcast(some, VECTOR), _load(builder, y, place)
            )
            _store(builder, new, y, place)
        return context.get_dummy_value()

    return types.void(y, types.float32, table, codes, types.int64), codegen


@intrinsic
def divided(typing: Any, a: Any, b: Any) -> Any:
    def codegen(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        return builder.fdiv(*args, flags=EXACT)

    return types.float32(types.float32, types.float32), codegen


@intrinsic
def row_max(typing: Any, x: Any, n: Any) -> Any:
    def codegen(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        x, n = args
        kind = ir.FunctionType(VECTOR, [VECTOR, VECTOR])
        larger = cgutils.get_or_insert_function(builder.module, kind, "llvm.maxnum.v16f32")
        best = cgutils.alloca_once_value(builder, _load(builder, x, I64(0)))
        with _chunks(builder, n) as (k, _):
            some = _load(builder, x, k)
            builder.store(builder.call(larger, [builder.load(best), some]), best)
        kind = ir.FunctionType(ir.FloatType(), [VECTOR])
        reduce = cgutils.get_or_insert_function(
            builder.module, kind, "llvm.vector.reduce.fmax.v16f32"
        )
        return builder.call(reduce, [builder.load(best)])

    return types.float32(x, types.int64), codegen


def _sum_lanes(builder: Any, vector: Any) -> Any:
    """Add 16 lanes pairwise, always in the same order: 8 + 8, 4 + 4, 2 + 2, 1 + 1."""
    width = LANES
    while width > 1:
        width //= 2
        half = ir.VectorType(ir.IntType(32), width)
        undefined = ir.Constant(vector.type, ir.Undefined)
        low = builder.shuffle_vector(vector, undefined, ir.Constant(half, list(range(width))))
        high = builder.shuffle_vector(
            vector, undefined, ir.Constant(half, list(range(width, 2 * width)))
        )
        vector = builder.fadd(low, high)
    return builder.extract_element(vector, I64(0))


@intrinsic
def row_step(typing: Any, w: Any, h: Any, a: Any, dh: Any, n: Any) -> Any:
    def codegen(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        w, h, a, dh, n = args
        step = _splat(builder, a)
        with _chunks(builder, n) as (k, _):
            row = _load(builder, w, k)
            grad = _fma(builder, step, row, _load(builder, dh, k))
            new = _fma(builder, step, _load(builder, h, k), row)
            _store(builder, grad, dh, k)
            _store(builder, new, w, k)
        return context.get_dummy_value()

    return types.void(w, h, types.float32, dh, types.int64), codegen


def _all(value: float) -> Any:
    return ir.Constant(VECTOR, [_single(value)] * LANES)


def _single(value: float) -> float:
    """Round to float32, since LLVM refuses constants that are not."""
    return float(np.float32(value))


def _exp(builder: Any, x: Any) -> Any:
    """Return e**x of 16 floats; the same steps as ``vector.exp``."""
    low, high = _all(-87.0), _all(88.0)
    t = builder.select(builder.fcmp_ordered("<", x, low), low, x)
    t = builder.select(builder.fcmp_ordered(">", t, high), high, t)
    ints = ir.VectorType(ir.IntType(32), LANES)
    bias = ir.Constant(ints, [127] * LANES)
    k = builder.fptosi(_fma(builder, t, _all(1.44269504), _all(127.5)), ints)
    kf = builder.sitofp(builder.sub(k, bias), VECTOR)
    r = _fma(builder, kf, _all(-0.693359375), t)
    r = _fma(builder, kf, _all(2.12194440e-4), r)
    p = _all(EXP[0])
    for coefficient in EXP[1:]:
        p = _fma(builder, p, r, _all(coefficient))
    power = builder.bitcast(builder.shl(k, ir.Constant(ints, [23] * LANES)), VECTOR)
    result = builder.fmul(p, power, flags=FAST)
    result = builder.select(builder.fcmp_ordered("<", x, low), _all(0.0), result)
    return builder.select(builder.fcmp_unordered("uno", x, x), x, result)


EXP = (1.98412698e-4, 1.38888889e-3, 8.33333333e-3, 4.16666667e-2, 1.66666667e-1, 0.5, 1.0, 1.0)
LOG = (0.22222222, 0.28571429, 0.4, 0.66666667, 2.0)


def _log(builder: Any, x: Any) -> Any:
    """Return the logarithms of 16 normal positive floats; the same steps as ``vector.log``."""
    ints = ir.VectorType(ir.IntType(32), LANES)

    def whole(value: int) -> Any:
        return ir.Constant(ints, [value] * LANES)

    bits = builder.sub(builder.bitcast(x, ints), whole(0x3F3504F3))
    k = builder.sitofp(builder.ashr(bits, whole(23)), VECTOR)
    m = builder.add(builder.and_(bits, whole(0x7FFFFF)), whole(0x3F3504F3))
    m = builder.bitcast(m, VECTOR)
    one = _all(1.0)
    s = builder.fdiv(builder.fsub(m, one, flags=FAST), builder.fadd(m, one, flags=FAST))
    t = builder.fmul(s, s, flags=FAST)
    p = _all(LOG[0])
    for coefficient in LOG[1:]:
        p = _fma(builder, p, t, _all(coefficient))
    return _fma(builder, k, _all(0.69314718), builder.fmul(p, s, flags=FAST))


@intrinsic
def exp_row(typing: Any, x: Any, shift: Any, n: Any) -> Any:
    def codegen(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        x, shift, n = args
        less = _splat(builder, shift)
        total = cgutils.alloca_once_value(builder, _all(0.0))
        with _chunks(builder, n) as (k, _):
            some = _exp(builder, builder.fsub(_load(builder, x, k), less))
            _store(builder, some, x, k)
            builder.store(builder.fadd(builder.load(total), some, flags=EXACT), total)
        return _sum_lanes(builder, builder.load(total))

    return types.float32(x, types.float32, types.int64), codegen


def _sigmoid_and_log(builder: Any, x: Any) -> tuple[Any, Any]:
    """Return the sigmoids s, and log(max(1 - s, 1e-7)), NaN where s is."""
    one = _all(1.0)
    some = builder.fdiv(one, builder.fadd(one, _exp(builder, builder.fsub(_all(0.0), x))))
    no = builder.fsub(one, some)
    tiny = _all(1e-7)
    no = builder.select(builder.fcmp_ordered(">", no, tiny), no, tiny)
    is_nan = builder.fcmp_unordered("uno", some, some)
    return some, builder.select(is_nan, some, _log(builder, no))


@intrinsic
def sigmoid_row(typing: Any, x: Any, n: Any) -> Any:
    def codegen(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        x, n = args
        total = cgutils.alloca_once_value(builder, _all(0.0))
        with _chunks(builder, n) as (k, _):
            some, term = _sigmoid_and_log(builder, _load(builder, x, k))
            _store(builder, some, x, k)
            builder.store(builder.fadd(builder.load(total), term), total)
        return _sum_lanes(builder, builder.load(total))

    return types.float32(x, types.int64), codegen


@intrinsic
def lane_max(typing: Any, y: Any, x: Any) -> Any:
    def codegen(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        y, x = args
        kind = ir.FunctionType(VECTOR, [VECTOR, VECTOR])
        larger = cgutils.get_or_insert_function(builder.module, kind, "llvm.maxnum.v16f32")
        values = [_load(builder, y, I64(0)), _load(builder, x, I64(0))]
        _store(builder, builder.call(larger, values), y, I64(0))
        return context.get_dummy_value()

    return types.void(y, x), codegen


@intrinsic
def lane_exp(typing: Any, x: Any, shift: Any, total: Any) -> Any:
    def codegen(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        x, shift, total = args
        less = builder.fsub(_load(builder, x, I64(0)), _load(builder, shift, I64(0)))
        some = _exp(builder, less)
        _store(builder, some, x, I64(0))
        _add_to(builder, total, some)
        return context.get_dummy_value()

    return types.void(x, shift, total), codegen


def _add_to(builder: Any, total: Any, some: Any) -> None:
    _store(builder, builder.fadd(_load(builder, total, I64(0)), some, flags=EXACT), total, I64(0))


@intrinsic
def lane_sigmoid(typing: Any, x: Any, total: Any) -> Any:
    def codegen(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        x, total = args
        some, term = _sigmoid_and_log(builder, _load(builder, x, I64(0)))
        _store(builder, some, x, I64(0))
        _add_to(builder, total, builder.fsub(_all(0.0), term))
        return context.get_dummy_value()

    return types.void(x, total), codegen


@intrinsic
def lane_multiply(typing: Any, y: Any, x: Any) -> Any:
    def codegen(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        y, x = args
        values = [_load(builder, y, I64(0)), _load(builder, x, I64(0))]
        _store(builder, builder.fmul(*values, flags=EXACT), y, I64(0))
        return context.get_dummy_value()

    return types.void(y, x), codegen


@intrinsic
def lane_errors(typing: Any, y: Any, least: Any) -> Any:
    def codegen(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        y, least = args
        some = _load(builder, y, I64(0))
        is_small = builder.fcmp_ordered("<", some, _splat(builder, least))
        _store(builder, builder.select(is_small, _all(0.0), builder.fneg(some)), y, I64(0))
        return context.get_dummy_value()

    return types.void(y, types.float32), codegen


def _prefetch(builder: Any, args: Any, for_writing: int) -> None:
    byte_pointer = ir.IntType(8).as_pointer()
    i32 = ir.IntType(32)
    kind = ir.FunctionType(ir.VoidType(), [byte_pointer, i32, i32, i32])
    call = cgutils.get_or_insert_function(builder.module, kind, "llvm.prefetch.p0")
    address = builder.bitcast(_element(builder, args[0], args[1]), byte_pointer)
    builder.call(call, [address, i32(for_writing), i32(3), i32(1)])  # keep, data


@intrinsic
def prefetch(typing: Any, x: Any, i: Any) -> Any:
    def codegen(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        _prefetch(builder, args, 1)
        return context.get_dummy_value()

    return types.void(x, types.int64), codegen


@intrinsic
def prefetch_read(typing: Any, x: Any, i: Any) -> Any:
    def codegen(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        _prefetch(builder, args, 0)
        return context.get_dummy_value()

    return types.void(x, types.int64), codegen


@intrinsic
def float_of_bits(typing: Any, bits: Any) -> Any:
    def codegen(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        return builder.bitcast(builder.trunc(args[0], ir.IntType(32)), ir.FloatType())

    return types.float32(types.int64), codegen


@intrinsic
def bits_of_float(typing: Any, x: Any) -> Any:
    def codegen(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        return builder.zext(builder.bitcast(args[0], ir.IntType(32)), I64)

    return types.int64(types.float32), codegen


@intrinsic
def int_of_float(typing: Any, x: Any) -> Any:
    def codegen(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        return builder.sext(builder.fptosi(args[0], ir.IntType(32)), I64)

    return types.int64(types.float32), codegen


# ----------------------------------------------------------------- integers


@intrinsic
def byte_at(typing: Any, text: Any, i: Any) -> Any:
    def codegen(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        return builder.zext(builder.load(_element(builder, args[0], args[1])), I64)

    return types.int64(text, types.int64), codegen


@intrinsic
def bytes_within(typing: Any, text: Any, i: Any, low: Any, high: Any) -> Any:
    def codegen(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        text, i, low, high = args
        vector = ir.VectorType(ir.IntType(8), 32)

        def splat(value: Any) -> Any:
            undefined = ir.Constant(vector, ir.Undefined)
            first = builder.insert_element(undefined, builder.trunc(value, ir.IntType(8)), I64(0))
            zeros = ir.Constant(ir.VectorType(ir.IntType(32), 32), [0] * 32)
            return builder.shuffle_vector(first, undefined, zeros)

        pointer = builder.bitcast(_element(builder, text, i), vector.as_pointer())
        above = builder.sub(builder.load(pointer, align=1), splat(low))
        is_within = builder.icmp_unsigned("<=", above, splat(builder.sub(high, low)))
        return builder.zext(builder.bitcast(is_within, ir.IntType(32)), I64)

    return types.int64(text, types.int64, types.int64, types.int64), codegen


@intrinsic
def ngram_hash(typing: Any, h: Any, word: Any) -> Any:
    def codegen(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        return builder.add(builder.mul(args[0], I64(116049371)), args[1])

    return types.int64(types.int64, types.int64), codegen


@intrinsic
def multiply_add(typing: Any, a: Any, b: Any, c: Any) -> Any:
    def codegen(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        return builder.add(builder.mul(args[0], args[1]), args[2])

    return types.int64(types.int64, types.int64, types.int64), codegen


@intrinsic
def unsigned_modulo(typing: Any, h: Any, n: Any) -> Any:
    def codegen(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        return builder.urem(args[0], args[1])

    return types.int64(types.int64, types.int64), codegen


@intrinsic
def random_bits(typing: Any, seed: Any, counter: Any) -> Any:
    def codegen(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        def mix(value: Any, shift: int, factor: int) -> Any:
            return builder.mul(builder.xor(value, builder.lshr(value, I64(shift))), I64(factor))

        z = builder.add(args[0], builder.mul(args[1], I64(0x9E3779B97F4A7C15)))
        z = mix(mix(z, 30, 0xBF58476D1CE4E5B9), 27, 0x94D049BB133111EB)
        return builder.lshr(builder.xor(z, builder.lshr(z, I64(31))), I64(1))

    return types.int64(types.int64, types.int64), codegen


def _wide_product(builder: Any, a: Any, b: Any) -> Any:
    """Return the product of two non-negative integers of 64 bits in 128."""
    wide = ir.IntType(128)
    return builder.mul(builder.zext(a, wide), builder.zext(b, wide))


@intrinsic
def product_high(typing: Any, a: Any, b: Any) -> Any:
    def codegen(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        product = _wide_product(builder, *args)
        return builder.trunc(builder.lshr(product, ir.IntType(128)(62)), I64)

    return types.int64(types.int64, types.int64), codegen


@intrinsic
def product_low(typing: Any, a: Any, b: Any) -> Any:
    def codegen(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        product = builder.trunc(_wide_product(builder, *args), I64)
        return builder.and_(product, I64((1 << 62) - 1))

    return types.int64(types.int64, types.int64), codegen


@intrinsic
def bit_length(typing: Any, x: Any) -> Any:
    def codegen(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        zeros = builder.ctlz(args[0], ir.IntType(1)(0))
        return builder.sub(I64(64), zeros)

    return types.int64(types.int64), codegen


@intrinsic
def float64_of_bits(typing: Any, bits: Any) -> Any:
    def codegen(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        return builder.bitcast(args[0], ir.DoubleType())

    return types.float64(types.int64), codegen


# ------------------------------------------------------------------ threads


@intrinsic
def store_release(typing: Any, x: Any, i: Any, value: Any) -> Any:
    def codegen(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        builder.store_atomic(args[2], _element(builder, args[0], args[1]), "release", 8)
        return context.get_dummy_value()

    return types.void(x, types.int64, types.int64), codegen


@intrinsic
def load_acquire(typing: Any, x: Any, i: Any) -> Any:
    def codegen(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        return builder.load_atomic(_element(builder, args[0], args[1]), "acquire", 8)

    return types.int64(x, types.int64), codegen


@intrinsic
def give_way(typing: Any) -> Any:
    def codegen(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        kind = ir.FunctionType(ir.IntType(32), [])
        call = cgutils.get_or_insert_function(builder.module, kind, "sched_yield")
        builder.call(call, [])
        return context.get_dummy_value()

    return types.void(), codegen


# ----------------------------------------------------------------- matrices


def _tile(builder: Any, rows: int, first: Any, operands: Any) -> None:
    """Compute ``rows`` x 16 elements of a product, from row ``first`` on; see ``strip``.

    Every element is one chain of multiply-adds over k, so that it does not depend on the size
    of the tile that it is computed in.
    """
    a, a_row, a_step, b, b_row, c, c_row, k, add = operands
    numbers = [builder.add(first, I64(r)) for r in range(rows)]
    places = [builder.mul(c_row, number) for number in numbers]
    starts = [builder.mul(a_row, number) for number in numbers]
    totals = [cgutils.alloca_once(builder, VECTOR) for _ in range(rows)]
    for total in totals:
        builder.store(_all(0.0), total)
    with builder.if_then(builder.icmp_signed("!=", add, I64(0))):
        for total, place in zip(totals, places, strict=True):
            builder.store(_load(builder, c, place), total)
    with cgutils.for_range(builder, k) as loop:
        some = _load(builder, b, builder.mul(loop.index, b_row))
        step = builder.mul(loop.index, a_step)
        for total, start in zip(totals, starts, strict=True):
            value = builder.load(_element(builder, a, builder.add(start, step)))
            product = builder.fmul(_splat(builder, value), some, flags=("contract",))
            builder.store(builder.fadd(product, builder.load(total), flags=("contract",)), total)
    for total, place in zip(totals, places, strict=True):
        _store(builder, builder.load(total), c, place)


@intrinsic
def strip(
    typing: Any,
    a: Any,
    a_row: Any,
    a_step: Any,
    b: Any,
    b_row: Any,
    c: Any,
    c_row: Any,
    m: Any,
    k: Any,
    add: Any,
) -> Any:
    def codegen(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        *operands, m, k, add = args
        operands += [k, add]
        left = builder.srem(m, I64(6))
        whole = builder.sub(m, left)
        with cgutils.for_range_slice(builder, I64(0), whole, I64(6), I64) as (first, _):
            _tile(builder, 6, first, operands)
        done = whole
        for rows in (4, 2, 1):  # what is left is at most 5
            fits = builder.icmp_signed(">=", builder.sub(m, done), I64(rows))
            with builder.if_then(fits):
                _tile(builder, rows, done, operands)
            done = builder.select(fits, builder.add(done, I64(rows)), done)
        return context.get_dummy_value()

    n = types.int64
    return types.void(a, n, n, b, n, c, n, n, n, n), codegen


@intrinsic
def square_root(typing: Any, x: Any) -> Any:
    def codegen(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        kind = ir.FunctionType(ir.FloatType(), [ir.FloatType()])
        call = cgutils.get_or_insert_function(builder.module, kind, "llvm.sqrt.f32")
        return builder.call(call, [args[0]])

    return types.float32(types.float32), codegen


@intrinsic
def uniform_row(typing: Any, out: Any, key: Any, n: Any) -> Any:
    def codegen(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        out, key, n = args
        ints = ir.VectorType(ir.IntType(32), LANES)

        def whole(value: int) -> Any:
            return ir.Constant(ints, [value] * LANES)

        def spread(value: Any) -> Any:
            first = builder.insert_element(ir.Constant(ints, ir.Undefined), value, I64(0))
            mask = ir.Constant(ints, [0] * LANES)
            return builder.shuffle_vector(first, ir.Constant(ints, ir.Undefined), mask)

        lanes = ir.Constant(ints, list(range(LANES)))
        low = spread(builder.trunc(key, ir.IntType(32)))
        high = spread(builder.trunc(builder.lshr(key, I64(32)), ir.IntType(32)))
        with _chunks(builder, n) as (k, _):
            x = builder.add(spread(builder.trunc(k, ir.IntType(32))), lanes)
            x = builder.add(builder.mul(x, whole(0x9E3779B1)), low)
            x = builder.mul(builder.xor(x, builder.lshr(x, whole(16))), whole(0x7FEB352D))
            x = builder.add(x, high)
            x = builder.mul(builder.xor(x, builder.lshr(x, whole(15))), whole(0x846CA68B))
            x = builder.xor(x, builder.lshr(x, whole(16)))
            value = builder.sitofp(builder.lshr(x, whole(8)), VECTOR)
            _store(builder, builder.fmul(value, _all(2.0**-24)), out, k)
        return context.get_dummy_value()

    return types.void(out, types.int64, types.int64), codegen


# -------------------------------------------------------------------- calls


@intrinsic
def call(typing: Any, address: Any, arguments: Any) -> Any:
    def codegen(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        # Kernels take pointers, floats as they are, integers of 64 bits, and the fields of groups.
        def leaves(kind: Any, value: Any) -> Any:
            kinds: Any = kind
            if isinstance(kind, types.BaseTuple):
                parts = cgutils.unpack_tuple(builder, value, len(kinds))
                for of, part in zip(kinds, parts, strict=True):
                    yield from leaves(of, part)
            elif isinstance(kind, types.Integer):
                yield context.cast(builder, value, kind, types.int64)
            else:
                yield value

        values = list(leaves(signature.args[1], args[1]))
        kind = ir.FunctionType(ir.VoidType(), [value.type for value in values])
        builder.call(builder.inttoptr(args[0], kind.as_pointer()), values)
        return context.get_dummy_value()

    return types.void(types.int64, arguments), codegen


def _pointer_from(kind: Any) -> Any:
    def codegen(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        return builder.inttoptr(args[0], context.get_value_type(signature.return_type))

    return types.CPointer(kind)(types.int64), codegen


@intrinsic
def u8_at(typing: Any, address: Any) -> Any:
    return _pointer_from(types.uint8)


@intrinsic
def i32_at(typing: Any, address: Any) -> Any:
    return _pointer_from(types.int32)


@intrinsic
def i64_at(typing: Any, address: Any) -> Any:
    return _pointer_from(types.int64)


@intrinsic
def f32_at(typing: Any, address: Any) -> Any:
    return _pointer_from(types.float32)


@intrinsic
def f64_at(typing: Any, address: Any) -> Any:
    return _pointer_from(types.float64)


# --------------------------------------------------------------------------- views


@intrinsic
def at(typing: Any, x: Any, i: Any) -> Any:
    def codegen(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        return _element(builder, args[0], args[1])

    return x(x, types.int64), codegen


@intrinsic
def record(typing: Any, table: Any, i: Any) -> Any:
    def codegen(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        row = _element(builder, args[0], args[1])
        return builder.bitcast(row, context.get_value_type(signature.return_type))

    return table.dtype(table, types.int64), codegen
