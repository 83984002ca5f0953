SRC_lib/codec := base64.c digest.c java-stream.c java-text.c json-names.c json-read.c json-reencode.c json-tree.c json-write.c \
	number-jdk.c number-pow10.c number-print.c number-read.c properties.c url.c yaml.c
DEPS_lib/codec := lib/base
PKGS_lib/codec := yaml-0.1 libcrypto
