/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The number by which BPF programs name a function of the kernel, from the kernel's own BTF
 * (Documentation/bpf/btf.rst in its sources).
 */
#ifndef TCPLAB_BTF_H
#define TCPLAB_BTF_H

#include <errno.h>
#include <fcntl.h>
#include <linux/btf.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define BTF_FILE	"/sys/kernel/btf/vmlinux"

/* Octets that follow a type in BTF, beside the struct btf_type. */
static size_t btf_more(const struct btf_type *type)
{
	size_t n = BTF_INFO_VLEN(type->info);

	switch (BTF_INFO_KIND(type->info)) {
	case BTF_KIND_INT:
	case BTF_KIND_VAR:
	case BTF_KIND_DECL_TAG:
		return 4;
	case BTF_KIND_ARRAY:
		return sizeof(struct btf_array);
	case BTF_KIND_STRUCT:
	case BTF_KIND_UNION:
		return n * sizeof(struct btf_member);
	case BTF_KIND_ENUM:
		return n * sizeof(struct btf_enum);
	case BTF_KIND_ENUM64:
	case BTF_KIND_DATASEC:
		return n * sizeof(struct btf_var_secinfo);
	case BTF_KIND_FUNC_PROTO:
		return n * sizeof(struct btf_param);
	default:
		return 0;
	}
}

static int btf_search(const char *btf, const char *name)
{
	const struct btf_header *head = (const void *)btf;
	const char *at = btf + head->hdr_len + head->type_off, *end = at + head->type_len;
	const char *names = btf + head->hdr_len + head->str_off;
	int id;

	if (head->magic != BTF_MAGIC)
		return -EINVAL;
	for (id = 1; at < end; id++) {
		const struct btf_type *type = (const void *)at;

		if (BTF_INFO_KIND(type->info) == BTF_KIND_FUNC &&
		    !strcmp(names + type->name_off, name))
			return id;
		at += sizeof(*type) + btf_more(type);
	}
	return 0;
}

/**
 * btf_function() - the number of a function
 * @name: its name
 *
 * Return: 0 if the kernel has none such, or a negative errno: BTF_FILE is not as it should be.
 */
static int btf_function(const char *name)
{
	int fd = open(BTF_FILE, O_RDONLY | O_CLOEXEC), id = 0;
	struct stat st = { 0 };
	off_t have = 0;
	ssize_t n = 1;
	char *btf;

	if (fd < 0)
		return -errno;
	btf = fstat(fd, &st) ? NULL : malloc(st.st_size);
	if (!btf)
		id = -errno;
	while (!id && have < st.st_size) {
		n = read(fd, btf + have, st.st_size - have);
		if (n <= 0)
			id = n < 0 ? -errno : -EIO;
		have += n;
	}
	close(fd);
	if (!id)
		id = btf_search(btf, name);
	free(btf);
	return id;
}

#endif
