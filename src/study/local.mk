# SPDX-License-Identifier: MIT
#
# Studies: a folder a part. functions and schedule know of no other; space has its distributions'
# functions there; search draws from a space; spec reads what a space, a search and a schedule are
# made with; store keeps what a schedule did with values of a space; importance compares what
# is stored; command starts other programs with values and reads what they print; run has
# them all. scaling, which needs functions alone, is the mathematics of scaling studies.

include src/study/functions/local.mk
include src/study/space/local.mk
include src/study/spec/local.mk
include src/study/search/local.mk
include src/study/schedule/local.mk
include src/study/store/local.mk
include src/study/command/local.mk
include src/study/importance/local.mk
include src/study/run/local.mk
include src/study/scaling/local.mk
