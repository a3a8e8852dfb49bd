# SPDX-License-Identifier: MIT

libls_la_SOURCES += \
	%D%/atomic_file.c \
	%D%/atomic_file.h \
	%D%/clock.c \
	%D%/clock.h \
	%D%/error.c \
	%D%/error.h \
	%D%/memory.c \
	%D%/memory.h \
	%D%/name.c \
	%D%/name.h \
	%D%/ranges.c \
	%D%/ranges.h \
	%D%/sha256.c \
	%D%/sha256.h \
	%D%/utf8.c \
	%D%/utf8.h \
	%D%/version.c

# Looked at by every make, and made anew when the commit is another one: a file to
# compile, and the libraries to link.
nodist_libls_la_SOURCES = %D%/commit.c
EXTRA_DIST += %D%/commit.sh
DISTCLEANFILES += %D%/commit.c
.PHONY: ask-for-commit
%D%/commit.c: ask-for-commit
	@$(MKDIR_P) %D%
	@$(SHELL) $(srcdir)/%D%/commit.sh '$(srcdir)' $@

dist-hook:
	$(SHELL) $(srcdir)/%D%/commit.sh '$(srcdir)' >'$(distdir)/.commit'
	test -s '$(distdir)/.commit' || rm -f '$(distdir)/.commit'

# What the library and the command have a copy of each.
noinst_LTLIBRARIES += libnearest.la
libnearest_la_SOURCES = \
	%D%/nearest.c \
	%D%/nearest.h
libls_la_LIBADD += libnearest.la
