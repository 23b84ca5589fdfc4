/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * What one value of config.json must look like by itself, named by the rows of fields.def. A rule
 * sees a value of its row's kind and answers NULL, or says what would be right. Rules that need a
 * second value are in check.c. Pure.
 */

#include "base/json_read.h"

#define rule_none NULL

/* Numbers. */
json_rule rule_above_zero;
json_rule rule_argument_index;  /* of a system call: 0 to 5 */
json_rule rule_block_io_weight; /* 10 to 1000, 0: not given */
json_rule rule_cpu_period;      /* microseconds, 0: not given */
json_rule rule_cpu_quota;
json_rule rule_device_major;        /* 12 bits */
json_rule rule_device_major_or_all; /* or -1 */
json_rule rule_device_minor;        /* 20 bits */
json_rule rule_device_minor_or_all;
json_rule rule_file_mode;
json_rule rule_id; /* a uid or gid, or a list of them; 2^32-1 means "none" to the kernel */
json_rule rule_io_priority;
json_rule rule_limit; /* bytes, or -1 for none */
json_rule rule_nanoseconds;
json_rule rule_oom_score_adj;
json_rule rule_percent;
json_rule rule_umask;
json_rule rule_zero_or_one;

/* Text. */
json_rule rule_absolute_path; /* or a list of them */
json_rule rule_absolute_path_or_empty;
json_rule rule_device_access;
json_rule rule_host_name;
json_rule rule_link_name;       /* of a network interface; empty: keep it */
json_rule rule_list_of_numbers; /* "0-3,7" */
json_rule rule_no_newline;
json_rule rule_not_empty; /* a string, or a list of strings that has some */
json_rule rule_oci_version;
json_rule rule_page_size; /* "2MB" */

/* Words of the specification. */
json_rule rule_device_rule_type;
json_rule rule_device_type;
json_rule rule_io_priority_class;
json_rule rule_memory_policy_flag;
json_rule rule_memory_policy_mode;
json_rule rule_namespace_type;
json_rule rule_personality_domain;
json_rule rule_personality_flag;
json_rule rule_propagation;
json_rule rule_rlimit;
json_rule rule_scheduler_flag;
json_rule rule_scheduler_policy;
json_rule rule_seccomp_action;
json_rule rule_seccomp_architecture;
json_rule rule_seccomp_flag;
json_rule rule_seccomp_operator;

/* How many there may be (threats.md J07); what an element is, its own rows say. */
json_rule rule_at_most_64;
json_rule rule_at_most_256;
json_rule rule_at_most_1024;
json_rule rule_at_most_4096;

/* A version of this specification that we understand: SemVer 2.0.0, major 0 or 1. */
bool rule_is_supported_version(const char *version);
