#pragma once
/// The few preprocessor loops behind FLT_DESCRIBE. Nothing here is for direct use.

// clang-format off
#define FLT_PP_PARENS ()
#define FLT_PP_EXPAND(...)  FLT_PP_EXPAND3(FLT_PP_EXPAND3(FLT_PP_EXPAND3(FLT_PP_EXPAND3(__VA_ARGS__))))
#define FLT_PP_EXPAND3(...) FLT_PP_EXPAND2(FLT_PP_EXPAND2(FLT_PP_EXPAND2(FLT_PP_EXPAND2(__VA_ARGS__))))
#define FLT_PP_EXPAND2(...) FLT_PP_EXPAND1(FLT_PP_EXPAND1(FLT_PP_EXPAND1(FLT_PP_EXPAND1(__VA_ARGS__))))
#define FLT_PP_EXPAND1(...) __VA_ARGS__

/// macro(context, a), macro(context, b), ...
#define FLT_PP_LIST(macro, context, ...) __VA_OPT__(FLT_PP_EXPAND(FLT_PP_LIST_STEP(macro, context, __VA_ARGS__)))
#define FLT_PP_LIST_STEP(macro, context, first, ...) \
    macro(context, first) __VA_OPT__(, FLT_PP_LIST_AGAIN FLT_PP_PARENS (macro, context, __VA_ARGS__))
#define FLT_PP_LIST_AGAIN() FLT_PP_LIST_STEP

#define FLT_PP_COUNT(...) (0 __VA_OPT__(FLT_PP_EXPAND(FLT_PP_COUNT_STEP(__VA_ARGS__))))
#define FLT_PP_COUNT_STEP(first, ...) + 1 __VA_OPT__(FLT_PP_COUNT_AGAIN FLT_PP_PARENS (__VA_ARGS__))
#define FLT_PP_COUNT_AGAIN() FLT_PP_COUNT_STEP

#define FLT_PP_CAT(a, b) FLT_PP_CAT_(a, b)
#define FLT_PP_CAT_(a, b) a##b
#define FLT_PP_PROBE(...) ~, 1
#define FLT_PP_SECOND(a, b, ...) b
#define FLT_PP_IS_PROBE(...) FLT_PP_SECOND(__VA_ARGS__, 0, ~)
/// 1 for `(a, b)`, 0 for `a`.
#define FLT_PP_IN_BRACKETS(x) FLT_PP_IS_PROBE(FLT_PP_PROBE x)

/// `a` of `a` and of `(a, b, c)`; `b, c` of the latter.
#define FLT_PP_HEAD(x) FLT_PP_CAT(FLT_PP_HEAD_, FLT_PP_IN_BRACKETS(x))(x)
#define FLT_PP_HEAD_0(x) x
#define FLT_PP_HEAD_1(x) FLT_PP_FIRST x
#define FLT_PP_FIRST(a, ...) a
#define FLT_PP_TAIL(x) FLT_PP_CAT(FLT_PP_TAIL_, FLT_PP_IN_BRACKETS(x))(x)
#define FLT_PP_TAIL_0(x)
#define FLT_PP_TAIL_1(x) FLT_PP_REST x
#define FLT_PP_REST(a, ...) __VA_ARGS__
// clang-format on
