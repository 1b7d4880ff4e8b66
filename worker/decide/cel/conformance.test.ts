// The CEL specification's conformance data against our language. What does not pass is listed with its reason; what passes
// although it is listed, or is listed and does not exist, fails here too.

import { describe, expect, test } from 'vitest'
import { cases } from './testing.ts'

const PROTOBUF = 'messages and enums of protobuf: Kubernetes objects are maps, there is nothing to construct'
const QUALIFIED = 'containers and variables with dots in their names: no variable of ours has one'
const OWN_FUNCTIONS =
  'calls or declares functions that do not exist: with us an unknown function is an error of the text'
const MATH = 'the math extension, which Kubernetes does not have'
const BLOCK = 'the block extension, made for optimisers'
const ENCODERS = 'the encoders extension, which Kubernetes does not have'
const TWO_VARIABLES = 'comprehensions with two variables'
const LEADING_DOT = 'the parser takes no number or name that starts with a dot'
const OPTIONAL_LITERAL = 'the parser takes no optional entries in literals: [?x], {?k: v}'
const QUOTED_FIELD = 'the parser takes no field names in backticks: write object["a-b"]'
const RAW_BYTES = 'the parser takes no raw bytes literals'
const FORM_FEED = 'the parser does not count the form feed as white space'
const EMPTY_LITERAL = 'the checker has no type for the elements of an empty literal; refused, write dyn([])'
const DURATION_FIRST = 'the checker takes duration + timestamp for a duration; write timestamp + duration'
const MILLISECONDS = 'timestamps are kept to the millisecond'
const NULL_IS_NONE = 'a field of an optional null is none, so that oldObject.?spec works where there is no old object'
const OPTIONAL_TYPE = 'no type() of an optional'

/** `tests`: one test, or all under a prefix; there, `fails` of them do. Where two match, the longer one counts. */
const SKIPS: readonly { tests: string; fails: number; because: string }[] = [
  { tests: 'basic/functions/unbound_is_runtime_error', fails: 1, because: OWN_FUNCTIONS },
  { tests: 'block_ext/', fails: 37, because: BLOCK },
  { tests: 'comparisons/eq_literal/eq_dyn_json_null', fails: 1, because: PROTOBUF },
  { tests: 'comparisons/eq_literal/not_eq_dyn_proto2_msg_null', fails: 1, because: PROTOBUF },
  { tests: 'comparisons/eq_literal/not_eq_dyn_proto3_msg_null', fails: 1, because: PROTOBUF },
  { tests: 'comparisons/eq_wrapper/', fails: 59, because: PROTOBUF },
  { tests: 'comparisons/ne_literal/', fails: 10, because: PROTOBUF },
  { tests: 'comparisons/gt_literal/not_gt_double', fails: 1, because: LEADING_DOT },
  { tests: 'dynamic/', fails: 201, because: PROTOBUF },
  { tests: 'encoders_ext/encode/hello', fails: 1, because: ENCODERS },
  { tests: 'encoders_ext/decode/hello', fails: 1, because: ENCODERS },
  { tests: 'encoders_ext/decode/hello_without_padding', fails: 1, because: ENCODERS },
  { tests: 'encoders_ext/round_trip/hello', fails: 1, because: ENCODERS },
  { tests: 'enums/', fails: 75, because: PROTOBUF },
  { tests: 'fields/quoted_map_fields/', fails: 6, because: QUOTED_FIELD },
  { tests: 'fields/qualified_identifier_resolution/', fails: 4, because: QUALIFIED },
  { tests: 'macros/all/list_empty', fails: 1, because: EMPTY_LITERAL },
  { tests: 'macros2/', fails: 38, because: TWO_VARIABLES },
  { tests: 'math_ext/', fails: 182, because: MATH },
  { tests: 'namespace/qualified/self_eval_qualified_lookup', fails: 1, because: QUALIFIED },
  { tests: 'namespace/namespace/self_eval_container_lookup', fails: 1, because: QUALIFIED },
  { tests: 'namespace/namespace/self_eval_container_lookup_unchecked', fails: 1, because: QUALIFIED },
  { tests: 'optionals/optionals/', fails: 11, because: PROTOBUF },
  { tests: 'optionals/optionals/empty_map_optFlatMap_hasValue', fails: 1, because: EMPTY_LITERAL },
  { tests: 'optionals/optionals/map_null_entry_no_such_key', fails: 1, because: NULL_IS_NONE },
  { tests: 'optionals/optionals/map_undefined_entry_hasValue', fails: 1, because: EMPTY_LITERAL },
  { tests: 'optionals/optionals/has_map_optindex', fails: 1, because: EMPTY_LITERAL },
  { tests: 'optionals/optionals/type', fails: 1, because: OPTIONAL_TYPE },
  { tests: 'optionals/optionals/optional_chaining_5', fails: 1, because: EMPTY_LITERAL },
  { tests: 'optionals/optionals/optional_chaining_12', fails: 1, because: OPTIONAL_LITERAL },
  { tests: 'optionals/optionals/optional_chaining_13', fails: 1, because: OPTIONAL_LITERAL },
  { tests: 'optionals/optionals/optional_chaining_14', fails: 1, because: OPTIONAL_LITERAL },
  { tests: 'optionals/optionals/optional_chaining_15', fails: 1, because: OPTIONAL_LITERAL },
  { tests: 'optionals/optionals/optional_chaining_16', fails: 1, because: OPTIONAL_LITERAL },
  { tests: 'optionals/optionals/optional_none_optselect_hasValue', fails: 1, because: EMPTY_LITERAL },
  { tests: 'optionals/optionals/optional_none_optindex_hasValue', fails: 1, because: EMPTY_LITERAL },
  { tests: 'optionals/optionals/map_optional_select_has', fails: 1, because: EMPTY_LITERAL },
  { tests: 'optionals/optionals/map_optional_entry_has', fails: 1, because: OPTIONAL_LITERAL },
  { tests: 'parse/nest/message_literal', fails: 1, because: PROTOBUF },
  { tests: 'parse/repeat/select', fails: 1, because: PROTOBUF },
  { tests: 'parse/repeat/message_literal', fails: 1, because: PROTOBUF },
  { tests: 'parse/bytes_literals/', fails: 8, because: RAW_BYTES },
  { tests: 'parse/whitespace/', fails: 4, because: LEADING_DOT },
  { tests: 'parse/whitespace/new_pages', fails: 1, because: FORM_FEED },
  { tests: 'parse/comments/new_line_terminated', fails: 1, because: LEADING_DOT },
  { tests: 'parse/receiver_function_names/', fails: 17, because: OWN_FUNCTIONS },
  { tests: 'parse/struct_field_names/', fails: 17, because: PROTOBUF },
  { tests: 'proto2/', fails: 102, because: PROTOBUF },
  { tests: 'proto2_ext/', fails: 18, because: PROTOBUF },
  { tests: 'proto3/', fails: 69, because: PROTOBUF },
  { tests: 'timestamps/timestamp_conversions/toString_timestamp_nanos', fails: 1, because: MILLISECONDS },
  { tests: 'timestamps/timestamp_arithmetic/add_time_to_duration', fails: 1, because: DURATION_FIRST },
  { tests: 'timestamps/timestamp_arithmetic/add_time_to_duration_nanos_negative', fails: 1, because: MILLISECONDS },
  { tests: 'timestamps/timestamp_arithmetic/add_time_to_duration_nanos_positive', fails: 1, because: MILLISECONDS },
  { tests: 'timestamps/timestamp_range/add_duration_nanos_over', fails: 1, because: MILLISECONDS },
  { tests: 'timestamps/timestamp_range/add_duration_nanos_under', fails: 1, because: MILLISECONDS },
  { tests: 'type_deductions/complex_initializers/struct', fails: 1, because: PROTOBUF },
  { tests: 'type_deductions/field_access/', fails: 6, because: PROTOBUF },
  { tests: 'type_deductions/functions/function_result_type', fails: 1, because: OWN_FUNCTIONS },
  {
    tests: 'type_deductions/flexible_type_parameter_assignment/comprehension_type_var_aliasing',
    fails: 1,
    because: PROTOBUF,
  },
  {
    tests: 'type_deductions/flexible_type_parameter_assignment/overload_type_var_aliasing',
    fails: 1,
    because: PROTOBUF,
  },
  {
    tests: 'type_deductions/flexible_type_parameter_assignment/unconstrained_type_var_as_dyn',
    fails: 1,
    because: EMPTY_LITERAL,
  },
  {
    tests: 'type_deductions/flexible_type_parameter_assignment/list_parameters_do_not_unify',
    fails: 1,
    because: PROTOBUF,
  },
  { tests: 'type_deductions/wrappers/', fails: 8, because: PROTOBUF },
  { tests: 'type_deductions/type_parameters/', fails: 4, because: OWN_FUNCTIONS },
  {
    tests: 'type_deductions/legacy_nullable_types/null_assignable_to_message_parameter_candidate',
    fails: 1,
    because: PROTOBUF,
  },
  {
    tests: 'type_deductions/legacy_nullable_types/null_assignable_to_duration_parameter_candidate',
    fails: 1,
    because: PROTOBUF,
  },
  {
    tests: 'type_deductions/legacy_nullable_types/null_assignable_to_timestamp_parameter_candidate',
    fails: 1,
    because: PROTOBUF,
  },
  { tests: 'wrappers/', fails: 36, because: PROTOBUF },
]

const ALL = cases()

function skipOf(name: string): string | null {
  const matching = SKIPS.filter(({ tests }) => (tests.endsWith('/') ? name.startsWith(tests) : name === tests))
  return matching
    .map(({ tests }) => tests)
    .reduce<string | null>((a, b) => (a === null || b.length > a.length ? b : a), null)
}

describe('the conformance data of the CEL specification', () => {
  test('is there', () => {
    expect(ALL.length).toBeGreaterThan(2000)
  })

  test('passes where nothing is listed', () => {
    const failing = ALL.filter(({ name }) => skipOf(name) === null).flatMap(({ name, run }) => {
      const wrong = run()
      return wrong === null ? [] : [`${name}: ${wrong}`]
    })
    expect(failing).toEqual([])
  })

  test.each(SKIPS)('$tests: $fails skipped, $because', ({ tests, fails }) => {
    const failing = ALL.filter(({ name }) => skipOf(name) === tests).filter(({ run }) => run() !== null)
    expect(failing).toHaveLength(fails)
    expect(fails).toBeGreaterThan(0)
  })
})
