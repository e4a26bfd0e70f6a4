// SPDX-License-Identifier: GPL-2.0
/* Failing memory: see failmem.h. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <sys/mount.h>
#include <sys/syscall.h>

#include "lab.h"
#include "failmem.h"

#define DEBUGFS	"/sys/kernel/debug"
#define HELPER	"/sys/module/failmem/parameters"
#define MANY	1000000000

static const char * const injectors[] = { "failslab", "fail_page_alloc" };
static bool by_kernel;
static long before;

int lab_module_load(const char *file, const char *options)
{
	int fd = open(file, O_RDONLY | O_CLOEXEC), err;

	if (fd < 0)
		return errno;
	err = syscall(SYS_finit_module, fd, options, 0) ? errno : 0;
	close(fd);
	return err;
}

int lab_module_remove(const char *name)
{
	return syscall(SYS_delete_module, name, O_NONBLOCK) ? errno : 0;
}

static int set(const char *dir, const char *name, const char *fmt, ...)
{
	char path[200], value[100];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(value, sizeof(value), fmt, ap);
	va_end(ap);
	snprintf(path, sizeof(path), "%s/%s", dir, name);
	return lab_write_file(path, value);
}

static long get(const char *dir, const char *name)
{
	char path[200], value[100];

	snprintf(path, sizeof(path), "%s/%s", dir, name);
	return lab_read_file(path, value, sizeof(value)) < 0 ? -1 : atol(value);
}

/* Where tcplab's code is. */
static int code_range(unsigned long *start, unsigned long *end)
{
	FILE *f = fopen("/proc/kallsyms", "r");
	char line[600], type, module[100];
	unsigned long addr;

	*start = -1UL;
	*end = 0;
	while (f && fgets(line, sizeof(line), f)) {
		if (sscanf(line, "%lx %c %*s [%99[^]]", &addr, &type, module) != 3 ||
		    strcmp(module, "tcplab") || (type != 't' && type != 'T'))
			continue;
		*start = addr < *start ? addr : *start;
		*end = addr > *end ? addr : *end;
	}
	if (f)
		fclose(f);
	/* the last function does not reach beyond its page but by chance */
	*end = (*end | 4095) + 1;
	return *start < *end ? 0 : lab_fail("tcplab's code is not in /proc/kallsyms");
}

/* The injector's settings that stay; it begins to work with "probability". */
static int prepare_injector(const char *dir, unsigned long start, unsigned long end)
{
	if (set(dir, "probability", "0") || set(dir, "interval", "1") || set(dir, "space", "0") ||
	    set(dir, "verbose", "0") || set(dir, "task-filter", "N") ||
	    set(dir, "ignore-gfp-wait", "N") || set(dir, "stacktrace-depth", "32") ||
	    set(dir, "require-start", "0x%lx", start) || set(dir, "require-end", "0x%lx", end))
		return -1;
	return strcmp(strrchr(dir, '/'), "/fail_page_alloc") ? 0 :
	       set(dir, "min-order", "0") || set(dir, "ignore-gfp-highmem", "N");
}

static int open_kernel(unsigned long start, unsigned long end)
{
	char dir[100];
	unsigned int i;

	for (i = 0; i < 2; i++) {
		snprintf(dir, sizeof(dir), "%s/%s", DEBUGFS, injectors[i]);
		if (prepare_injector(dir, start, end))
			return -1;
	}
	return 0;
}

/* The helper lies beside the module that is tested. */
static int load_helper(bool later)
{
	const char *ko = getenv("TCPLAB_KO"), *slash = ko ? strrchr(ko, '/') : NULL;
	char path[1000];
	int err;

	if (!access(HELPER, F_OK))
		return 0;
	if (!slash)
		return lab_fail("TCPLAB_KO does not say where the module is");
	snprintf(path, sizeof(path), "%.*s/failmem.ko", (int)(slash - ko), ko);
	err = lab_module_load(path, later ? "victim=tcplab" : "");
	return err ? lab_fail("%s: %s", path, strerror(err)) : 0;
}

int failmem_open(bool later)
{
	unsigned long start = 0, end = 0;

	if (!later && code_range(&start, &end))
		return -1;
	if (access(DEBUGFS "/failslab", F_OK))
		mount("debugfs", DEBUGFS, "debugfs", 0, NULL);
	by_kernel = !later && !access(DEBUGFS "/failslab/require-start", F_OK) &&
		    !access(DEBUGFS "/fail_page_alloc/require-start", F_OK);
	printf("# memory fails by %s\n", by_kernel ? "failslab and fail_page_alloc" :
	       "a helper module");
	if (by_kernel)
		return open_kernel(start, end);
	if (load_helper(later))
		return -1;
	return set(HELPER, "start", "%lu", start) || set(HELPER, "end", "%lu", end);
}

void failmem_close(void)
{
	failmem_end();
	if (!by_kernel)
		lab_module_remove("failmem");
}

static int begin_kernel(int percent)
{
	char dir[100];
	unsigned int i;

	for (i = 0; i < 2; i++) {
		snprintf(dir, sizeof(dir), "%s/%s", DEBUGFS, injectors[i]);
		if (set(dir, "times", "%d", MANY) || set(dir, "probability", "%d", percent))
			return -1;
	}
	return 0;
}

int failmem_begin(int percent, unsigned int seed)
{
	if (by_kernel)
		return begin_kernel(percent);
	before = get(HELPER, "failed");
	return set(HELPER, "seed", "%u", seed) || set(HELPER, "permille", "%d", percent * 10);
}

int failmem_end(void)
{
	char dir[100];
	unsigned int i;

	if (!by_kernel)
		return set(HELPER, "permille", "0");
	for (i = 0; i < 2; i++) {
		snprintf(dir, sizeof(dir), "%s/%s", DEBUGFS, injectors[i]);
		if (set(dir, "probability", "0"))
			return -1;
	}
	return 0;
}

long failmem_count(void)
{
	if (by_kernel)
		return 2L * MANY - get(DEBUGFS "/failslab", "times") -
		       get(DEBUGFS "/fail_page_alloc", "times");
	return get(HELPER, "failed") - before;
}
