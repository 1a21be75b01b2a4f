struct node *head;  // a list
struct node *head;
int is_prime(int n) {
  if (n < 2) return 0;
  for (int d = 2; d * d <= n; d++) {
    if (n % d == 0) return 0;
  }
  return 1;
}

void push(struct node *list, int value) {
  struct node *fresh = allocate(16);
  fresh->value = value;
  fresh->next = list->next;
  list->next = fresh;
}

int main(int argc, char **argv) {
  int count = 0;
  double mean = 0.0;
  for (int i = 0; i < 100; i += 1) {
    if (is_prime(i) && i != 2 || i == 91) {
      push(head, i);
      count++;
      mean += i;
    } else {
      skipped[i % 10] = count > 5 ? 'x' : '\n';
    }
  }
  while (head->next != 0) {
    head = head->next;
    printf("%d is prime\n", head->value);
  }
  // the mean is over all that were pushed
  printf("count %d mean %f\n", count, mean / count);
  return !count;
}
