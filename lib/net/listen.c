/* SPDX-License-Identifier: Apache-2.0 */
#include "listen.h"

#include <linux/filter.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

uint16_t fsv_listen_port(int fd)
{
	struct sockaddr_storage addr;
	socklen_t n = sizeof(addr);

	if (getsockname(fd, (struct sockaddr *)&addr, &n) < 0)
		return 0;
	if (addr.ss_family == AF_INET6)
		return ntohs(((struct sockaddr_in6 *)&addr)->sin6_port);
	return addr.ss_family == AF_INET ? ntohs(((struct sockaddr_in *)&addr)->sin_port) : 0;
}

bool fsv_listen_hush(int fd)
{
	/* A packet is seen from its TCP header on; byte 13 has the flags. */
	struct sock_filter code[] = {
		BPF_STMT(BPF_LD | BPF_B | BPF_ABS, 13),
		BPF_STMT(BPF_ALU | BPF_AND | BPF_K, TH_SYN | TH_ACK),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, TH_SYN, 0, 1),
		BPF_STMT(BPF_RET | BPF_K, 0),
		BPF_STMT(BPF_RET | BPF_K, UINT32_MAX),
	};
	const struct sock_fprog program = { sizeof(code) / sizeof(code[0]), code };

	return setsockopt(fd, SOL_SOCKET, SO_ATTACH_FILTER, &program, sizeof(program)) == 0;
}
